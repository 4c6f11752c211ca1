import Events
import Features
import Testing

@Suite struct DerivedFieldTests {
  @Test func everyFieldBelongsToOneKind() {
    #expect(DerivedField.allCases.count { $0.kind == .ticket } == 2)
    #expect(DerivedField.allCases.filter { $0.kind == .invoice } == [.invoiceLate, .invoiceOpen, .invoiceMetered])
    #expect(DerivedField.allCases.filter { $0.kind == .payment } == [.paymentRecovered])
    #expect(DerivedField.allCases.filter { $0.kind == .contact } == [.contactGone, .contactGoneAt])
    for field in DerivedField.allCases {
      #expect(EventSchema.field(field.rawValue, of: field.kind) == nil, "\(field.rawValue) would hide a field of the source")
    }
  }

  @Test(
    arguments: [
      // Status, due, paid, as of; late, open.
      ("open", 10, nil, 9, 0, true), ("open", 10, nil, 10, 0, true), ("open", 10, nil, 17, 7, true), ("open", nil, nil, 17, 0, true),
      ("paid", 10, 12, 40, 2, false), ("paid", 10, 8, 40, 0, false), ("paid", 10, nil, 40, 0, false), ("open", 10, 12, 40, 2, false),
      ("void", 10, nil, 40, 0, false), ("draft", 10, nil, 40, 0, false), (nil, 10, nil, 40, 0, false),
    ] as [(String?, Int64?, Int64?, Int64, Int64, Bool)])
  func invoicesAreLateWhilePastDue(status: String?, due: Int64?, paid: Int64?, asOf: Int64, late: Int64, isOpen: Bool) throws {
    var fields: [String: Value] = [:]
    fields["status"] = status.map(Value.text)
    fields["due_at"] = due.map { .instant(noon($0)) }
    fields["paid_at"] = paid.map { .instant(noon($0)) }
    var history = EntityHistory()
    history.add(.invoice, "i", [(0, fields)])
    let row = try #require(history.row(.invoice, id: "i", asOf: noon(asOf)))
    #expect(history.derived(.invoiceLate, of: row) == .span(.days(late)))
    #expect(history.derived(.invoiceOpen, of: row) == .flag(isOpen))
  }

  @Test(arguments: [(15, 5, true), (20, 10, false), (90, 10, false)])
  func latenessStopsWithThePayment(asOf: Int64, late: Int64, isOpen: Bool) throws {
    var history = EntityHistory()
    let due = Value.instant(noon(10))
    history.add(
      .invoice, "i",
      [(0, ["status": .text("open"), "due_at": due]), (20, ["status": .text("paid"), "due_at": due, "paid_at": .instant(noon(20))])])
    let row = try #require(history.row(.invoice, id: "i", asOf: noon(asOf)))
    #expect(history.derived(.invoiceLate, of: row) == .span(.days(late)))
    #expect(history.derived(.invoiceOpen, of: row) == .flag(isOpen))
  }

  private func isRecovered(_ status: String, invoice: String? = "in", asOf: Int64 = 50, _ add: (inout EntityHistory) -> Void) throws
    -> DerivedValue?
  {
    var history = EntityHistory()
    var fields: [String: Value] = ["status": .text(status)]
    fields["invoice"] = invoice.map(Value.text)
    history.add(.payment, "p", [(5, fields)])
    add(&history)
    return history.derived(.paymentRecovered, of: try #require(history.row(.payment, id: "p", asOf: noon(asOf))))
  }

  @Test func aFailedChargeRecoversWithItsInvoiceOrALaterCharge() throws {
    let charge = { (day: Int64, status: String, invoice: String) in
      { (history: inout EntityHistory) in history.add(.payment, "q", [(day, ["status": .text(status), "invoice": .text(invoice)])]) }
    }
    #expect(try isRecovered("failed", charge(6, "succeeded", "in")) == .flag(true))
    #expect(try isRecovered("failed", asOf: 5, charge(6, "succeeded", "in")) == .flag(false))
    #expect(try isRecovered("failed", charge(4, "succeeded", "in")) == .flag(false))
    #expect(try isRecovered("failed", charge(6, "failed", "in")) == .flag(false))
    #expect(try isRecovered("failed", charge(6, "succeeded", "other")) == .flag(false))
    #expect(try isRecovered("failed", invoice: nil, charge(6, "succeeded", "in")) == .flag(false))
    #expect(try isRecovered("succeeded", charge(6, "succeeded", "in")) == .flag(false))
    #expect(try isRecovered("failed") { _ in } == .flag(false))
    #expect(
      try isRecovered("failed") { $0.add(.invoice, "in", [(0, ["status": .text("open")]), (9, ["status": .text("paid")])]) } == .flag(true))
    #expect(
      try isRecovered("failed", asOf: 8) { $0.add(.invoice, "in", [(0, ["status": .text("open")]), (9, ["status": .text("paid")])]) }
        == .flag(false))
    #expect(
      try isRecovered("failed") { $0.add(.invoice, "in", [(0, ["status": .text("open"), "paid_at": .instant(noon(9))])]) } == .flag(true))
    #expect(try isRecovered("failed") { $0.add(.invoice, "in", [(0, ["status": .text("open")])]) } == .flag(false))
  }
}

@Suite struct ContactGoneTests {
  typealias Version = (day: Int64, fields: [String: Value])

  private func expect(_ versions: [Version], goneOn day: Int64?, asOf now: Int64 = 100, _ location: SourceLocation = #_sourceLocation)
    throws
  {
    var history = EntityHistory()
    history.add(.contact, "c", versions)
    let row = try #require(history.row(.contact, id: "c", asOf: noon(now)))
    #expect(history.derived(.contactGone, of: row) == .flag(day != nil), sourceLocation: location)
    #expect(history.derived(.contactGoneAt, of: row) == day.map { .instant(noon($0)) }, sourceLocation: location)
  }

  private func email(_ address: String) -> [String: Value] { ["email": .text(address)] }

  @Test func whenMarkedAsLeft() throws {
    let active: [String: Value] = ["status": .text("active")]
    let left: [String: Value] = ["status": .text("left")]
    try expect([(0, active)], goneOn: nil)
    try expect([(0, active), (10, left)], goneOn: 10)
    try expect([(0, active), (10, left)], goneOn: nil, asOf: 9)
    try expect([(0, left)], goneOn: 0)
    // Since the first version that says so without a break.
    try expect([(0, active), (10, left), (20, left)], goneOn: 10)
    try expect([(0, active), (10, left), (20, active)], goneOn: nil)
    try expect([(0, active), (10, left), (20, active), (30, left)], goneOn: 30)
  }

  @Test func whenTheMailDomainChanges() throws {
    try expect([(0, email("x@acme.test")), (10, email("x@other.test"))], goneOn: 10)
    try expect([(0, email("x@acme.test")), (10, email("y.z@ACME.test"))], goneOn: nil)
    try expect([(0, email("x@acme.test")), (10, email("x@other.test")), (20, email("x@acme.test"))], goneOn: nil)
    try expect([(0, email("x@acme.test")), (10, email("x@other.test")), (20, email("x@third.test"))], goneOn: 10)
    // What is not said is not a change, and what is said late is what later versions are held against.
    try expect([(0, email("x@acme.test")), (10, [:])], goneOn: nil)
    try expect([(0, email("no address")), (10, email("x@acme.test"))], goneOn: nil)
    try expect([(0, [:]), (10, email("x@acme.test")), (20, email("x@other.test"))], goneOn: 20)
  }

  @Test func whenTheCompanyChanges() throws {
    let company = { (name: String) -> [String: Value] in ["company": .text(name)] }
    try expect([(0, company("Acme")), (10, company("Other"))], goneOn: 10)
    try expect([(0, company("Acme")), (10, company("Other")), (20, company("Acme"))], goneOn: nil)
    try expect([(0, company("Acme")), (10, [:])], goneOn: nil)
    try expect([(0, [:]), (10, company("Acme")), (20, company("Other"))], goneOn: 20)
  }

  @Test func aNewTitleIsNoDeparture() throws {
    try expect([(0, ["title": .text("CTO"), "name": .text("A")]), (10, ["title": .text("CEO"), "name": .text("B")])], goneOn: nil)
  }
}
