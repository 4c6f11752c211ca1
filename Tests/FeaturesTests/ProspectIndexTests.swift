import Events
import Features
import Testing

@Suite struct CompanyMarkTests {
  @Test(
    arguments: [
      ("Globex", "globex"), ("GLOBEX, Inc.", "globex"), ("Globex Ltd", "globex"), ("  globex   Co. Ltd. ", "globex"),
      ("Globex-Pharma GmbH", "globex pharma"), ("Inc", nil), ("", nil), (nil, nil),
    ] as [(String?, String?)])
  func aNameIsComparedWithoutItsLegalForm(text: String?, mark: String?) { #expect(CompanyMark(name: text) == mark.map(CompanyMark.name)) }

  @Test(
    arguments: [
      ("globex.example", "globex.example"), ("https://www.Globex.example/about", "globex.example"), ("gmail.com", nil), ("", nil),
      (nil, nil),
    ] as [(String?, String?)])
  func aDomainIsOnesOwn(text: String?, mark: String?) { #expect(CompanyMark(domain: text) == mark.map(CompanyMark.domain)) }
}

@Suite struct ProspectIndexTests {
  private func prospect(_ account: Int64, _ name: String, _ domain: String? = nil) -> Prospect {
    Prospect(account: AccountKey(account), name: name, domain: domain)
  }

  @Test func itTellsWhereAnotherMayBeFound() {
    var index = ProspectIndex()
    let globex = prospect(1, "Globex Ltd", "globex.example")
    #expect(index.set(globex, of: AccountKey(1)) == [.name("globex"), .domain("globex.example")])
    #expect(index.set(globex, of: AccountKey(1)) == [])
    #expect(index.prospect(at: .name("globex")) == globex && index.prospect(at: .domain("globex.example")) == globex)
    #expect(index.set(prospect(1, "Initech"), of: AccountKey(1)) == [.name("globex"), .domain("globex.example"), .name("initech")])
    #expect(index.prospect(at: .name("globex")) == nil && index.prospect(at: .domain("globex.example")) == nil)
    #expect(index.set(nil, of: AccountKey(1)) == [.name("initech")])
    #expect(index.isEmpty && index == ProspectIndex())
  }

  @Test func whatTwoHaveFindsNeither() {
    var index = ProspectIndex()
    index.set(prospect(1, "Globex", "globex.example"), of: AccountKey(1))
    index.set(prospect(2, "Globex Inc"), of: AccountKey(2))
    #expect(index.prospect(at: .name("globex")) == nil)
    #expect(index.prospect(at: .domain("globex.example"))?.account == AccountKey(1))
    index.set(nil, of: AccountKey(1))
    #expect(index.prospect(at: .name("globex"))?.account == AccountKey(2))
  }
}

@Suite struct NewCompanyTests {
  private func marks(_ versions: [(day: Int64, fields: [String: Value])], job: String? = nil, held: Int64? = nil) throws -> [CompanyMark] {
    var history = EntityHistory()
    for version in versions {
      let record = Record(kind: .contact, id: "c", at: noon(version.day), system: "crm", fields: version.fields)
      history.add(record, person: PersonKey(7), observedAt: record.at)
    }
    if let job {
      let fields: [String: Value] = ["event": .text("job_change"), "company": .text(job)]
      let record = Record(kind: .enrichment, id: "e", at: noon(50), system: "news", fields: fields)
      history.add(record, person: PersonKey(7), observedAt: record.at)
    }
    let row = try #require(history.row(.contact, id: "c", asOf: noon(90)))
    let edits = held.map { HeldEdits([BulkEdits.held(on: CompanyCalendar.utc.day(of: noon($0)))].compactMap { $0 }, .utc) }
    return history.newCompany(of: row, held: edits ?? .none)
  }

  private func email(_ address: String) -> [String: Value] { ["email": .text(address)] }

  @Test func aNewAddressOrCompanyOrJob() throws {
    #expect(try marks([(0, email("a@acme.example"))]) == [])
    #expect(try marks([(0, email("a@acme.example")), (10, email("a@globex.example"))]) == [.domain("globex.example")])
    #expect(try marks([(0, email("a@acme.example")), (10, email("a@gmail.com"))]) == [])
    #expect(try marks([(0, ["company": .text("Acme")]), (10, ["company": .text("Globex Ltd")])]) == [.name("globex")])
    #expect(try marks([(0, email("a@acme.example"))], job: "Globex Inc.") == [.name("globex")])
    #expect(
      try marks([(0, email("a@acme.example")), (10, email("a@initech.example"))], job: "Globex") == [
        .domain("initech.example"), .name("globex"),
      ])
    // Back where they were.
    let back = [(day: Int64(0), fields: email("a@acme.example")), (10, email("a@globex.example")), (20, email("a@acme.example"))]
    #expect(try marks(back) == [])
  }

  @Test func notByABulkEdit() throws {
    let moved = [(day: Int64(0), fields: email("a@acme.example")), (10, email("a@globex.example"))]
    #expect(try marks(moved, held: 10) == [])
    #expect(try marks(moved, held: 11) == [.domain("globex.example")])
    #expect(try marks(moved, job: "Globex", held: 10) == [.name("globex")])
  }
}

extension BulkEdits {
  fileprivate static func held(on day: Day) -> Edit? {
    var edits = BulkEdits()
    return edits.review("crm", day, edited: 20, contacts: 100)
  }
}

@Suite struct BulkEditsTests {
  private let day = Day(number: 20_500)

  @Test(
    arguments: [
      (20, 399, true), (20, 400, false), (21, 400, true), (19, 100, false), (200, 5_000, false), (251, 5_000, true),
    ])
  func moreThanOneInTwentyAndAtLeastTwenty(edited: Int, contacts: Int, isHeld: Bool) {
    var edits = BulkEdits()
    #expect((edits.review("crm", day, edited: edited, contacts: contacts) != nil) == isHeld)
    #expect(edits.held.map(\.name) == (isHeld ? ["crm.contacts.\(day)"] : []))
  }

  @Test func aDayIsToldOnceAndStaysAccepted() throws {
    var edits = BulkEdits()
    #expect(edits.review("crm", day, edited: 20, contacts: 100) != nil)
    #expect(edits.review("crm", day, edited: 30, contacts: 100) == nil)
    #expect(edits.review("crm", day + 1, edited: 30, contacts: 100) != nil)
    #expect(edits.review("other", day, edited: 30, contacts: 100) != nil)
    #expect(edits.held.count == 3)
    #expect(edits.accept("crm.contacts.\(day)")?.edited == 20)
    #expect(edits.accept("crm.contacts.\(day)") == nil)
    #expect(edits.review("crm", day, edited: 90, contacts: 100) == nil)
    #expect(edits.held.map(\.name) == ["crm.contacts.\(day + 1)", "other.contacts.\(day)"])
    #expect(BulkEdits(json: try JSON(parsing: edits.json.serialized())) == edits)
  }

  @Test func whatCountsAsAnEditOfADeparture() {
    func days(_ versions: [[String: Value]]) -> [Int64] {
      var history = EntityHistory()
      history.add(.contact, "c", versions.enumerated().map { (Int64($0.offset), $0.element) })
      let first = CompanyCalendar.utc.day(of: noon(0))
      return history.timelines(of: .contact).flatMap { $0.presenceEdits(.utc) }.map { Int64($0 - first) }.sorted()
    }
    #expect(days([["status": .text("active")], ["status": .text("left")], ["status": .text("active")]]) == [1, 2])
    #expect(days([["email": .text("a@acme.example")], ["email": .text("b@acme.example")], ["email": .text("b@x.example")]]) == [2])
    #expect(days([["company": .text("A")], ["company": .text("B")]]) == [1])
    #expect(days([[:], ["company": .text("B"), "email": .text("a@acme.example"), "status": .text("active")]]) == [])
    #expect(days([["department": .text("A")], ["department": .text("B")]]) == [])
    #expect(days([["status": .text("left")]]) == [])
  }
}
