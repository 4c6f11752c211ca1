import Events
import Feeds
import Testing
import Transport

/// The shipped Salesforce feed against Salesforce's dialect.
@Suite struct SalesforceConnectorTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func run(_ dialect: SalesforceDialect, _ variables: [String: String] = [:]) throws -> VendorRun<SalesforceDialect> {
    VendorRun(try shippedFeed("salesforce", variables), dialect, secrets: SalesforceDialect.secrets)
  }

  /// `2026-03-10T12:00:00.000+0000`.
  private static func stamp(_ instant: Instant) -> JSON { .text(instant.iso8601.dropLast() + ".000+0000") }

  private static func account(_ number: Int, at: Instant, _ more: [String: JSON] = [:]) -> JSON {
    let plain: JSON = [
      "Id": .text("001\(number)"), "Name": .text("Company \(number)"), "Website": .text("https://www.company\(number).example/en"),
      "Type": "Customer - Direct", "IsDeleted": false, "Owner": ["Name": "Kim", "Email": "kim@example.com"], "SystemModstamp": stamp(at),
    ]
    return plain.with(more)
  }

  private static func canonical(_ number: Int, at: Instant, _ more: [String: JSON] = [:]) -> JSON {
    let plain: JSON = [
      "kind": "account", "id": .text("001\(number)"), "at": JSON(at), "feed": "salesforce", "account": .text("001\(number)"),
      "name": .text("Company \(number)"), "domain": .text("company\(number).example"), "status": "customer",
      "owner": ["name": "Kim", "email": "kim@example.com"],
    ]
    return plain.with(more)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func everyAccountOnceThenWhatChanged(seed: UInt64) async throws {
    var random = SeededRandom(state: seed)
    var dialect = SalesforceDialect()
    dialect.pageSize = 40
    var times: [Instant] = []
    for number in 0..<130 {
      times.append(now - .days(400) + .seconds(Int64.random(in: 0..<30, using: &random)))
      dialect.put("Account", Self.account(number, at: times[number]))
    }
    let vendor = try run(dialect)
    let first = try await vendor.poll(at: now)
    #expect(Set(first.lines(.account)) == Set((0..<130).map { Self.canonical($0, at: times[$0]) }), "seed \(seed)")
    #expect(first.records.count == 130)
    let pages = vendor.requests().filter { $0.path.contains("/query/") }
    #expect(pages.count == 3, "130 records in pages of 40")
    #expect(pages.allSatisfy { $0.parameters.isEmpty && $0.url.hasPrefix(SalesforceDialect.instance + "/services/data/v62.0/query/01g") })

    let changed = Set((0..<25).map { _ in Int.random(in: 0..<130, using: &random) })
    let at = now + .minutes(1)
    vendor.change { dialect in for number in changed { dialect.put("Account", Self.account(number, at: at, ["Type": "Prospect"])) } }
    let second = try await vendor.poll(at: now + .hours(1))
    #expect(Set(second.lines(.account)) == Set(changed.map { Self.canonical($0, at: at, ["status": "prospect"]) }), "seed \(seed)")
    #expect(second.records.count == changed.count)
    #expect(try await vendor.poll(at: now + .hours(2)).records.isEmpty)
  }

  @Test func anEndedSessionIsRenewedInTheMiddle() async throws {
    var dialect = SalesforceDialect()
    dialect.put("Account", Self.account(1, at: now - .days(2)))
    let vendor = try run(dialect)
    #expect(try await vendor.poll(at: now).ids(.account) == ["0011"])
    vendor.change { dialect in
      dialect.endSession()
      dialect.put("Account", Self.account(2, at: now + .minutes(1)))
    }
    let second = try await vendor.poll(at: now + .hours(1))
    #expect(second.ids(.account) == ["0012"])
    vendor.change { #expect($0.tokenRequests == 2) }
  }

  @Test func aForgottenLocatorBeginsAgain() async throws {
    var dialect = SalesforceDialect()
    dialect.pageSize = 2
    for number in 0..<5 { dialect.put("Account", Self.account(number, at: now - .days(2) + .seconds(Int64(number)))) }
    dialect.answersLeft = 1
    let vendor = try run(dialect)
    let broken = try await vendor.poll(at: now, failing: true)
    #expect(broken.ids(.account) == ["0010", "0011"])
    vendor.change { dialect in
      dialect.answersLeft = nil
      dialect.forgetLocators()
    }
    let resumed = try await vendor.poll(at: now + .days(3))
    #expect(resumed.ids(.account) == ["0010", "0011", "0012", "0013", "0014"])
  }

  @Test func aSpentQuotaFailsWithSalesforcesWords() async throws {
    var dialect = SalesforceDialect()
    dialect.put("Account", Self.account(1, at: now - .days(2)))
    dialect.hasQuota = false
    let vendor = try run(dialect)
    let refused = try await vendor.poll(at: now, failing: true)
    #expect(refused.report.failures.count == 6)
    #expect(refused.report.failures.allSatisfy { $0.message.contains("REQUEST_LIMIT_EXCEEDED") && $0.cause != .unauthorized })
    vendor.change { $0.hasQuota = true }
    #expect(try await vendor.poll(at: now + .hours(1)).ids(.account) == ["0011"])
  }

  @Test func anUnknownFieldIsNamed() async throws {
    let poll = try await run(SalesforceDialect(), ["SALESFORCE_ACCOUNT_FIELDS": "Nope__c"]).poll(at: now, failing: true)
    #expect(poll.report.failures.map(\.stream) == ["accounts"])
    #expect(poll.report.failures.allSatisfy { $0.message.contains("No such column 'Nope__c'") })
  }

  @Test func readsFieldsOfYourOwn() async throws {
    var dialect = SalesforceDialect()
    dialect.customFields["Account"] = ["CustomerNo__c", "Notice_By__c", "Churned_At__c"]
    dialect.put(
      "Account", Self.account(1, at: now - .days(2), ["CustomerNo__c": "cus_9", "Notice_By__c": "2026-05-31", "Churned_At__c": nil]))
    dialect.put("Account", Self.account(2, at: now - .days(1), ["Churned_At__c": "2026-02-01"]))
    let variables = [
      "SALESFORCE_ACCOUNT_FIELDS": "CustomerNo__c, Notice_By__c, Churned_At__c", "SALESFORCE_STRIPE_FIELD": "CustomerNo__c",
    ]
    let poll = try await run(dialect, variables).poll(at: now)
    #expect(
      poll.lines(.account) == [
        Self.canonical(
          1, at: now - .days(2), ["external": ["stripe": "cus_9"], "contract": ["notice_by": "2026-05-31T00:00:00Z"]]),
        Self.canonical(2, at: now - .days(1), ["status": "churned", "churn": ["at": "2026-02-01T00:00:00Z"]]),
      ])
  }

  @Test func deletedAccountsAreChurned() async throws {
    var dialect = SalesforceDialect()
    dialect.put("Account", Self.account(1, at: now - .days(2), ["IsDeleted": true]))
    dialect.put("Account", Self.account(2, at: now - .days(1), ["IsDeleted": true, "MasterRecordId": "0013"]))
    let poll = try await run(dialect).poll(at: now)
    #expect(poll.lines(.account).map { $0["status"] } == ["churned", "churned"])
    #expect(poll.lines(.account).map { $0["churn"]["reason"] } == ["deleted", "merged"])
    #expect(poll.lines(.account).map { $0["churn"]["at"].text } == [(now - .days(2)).iso8601, (now - .days(1)).iso8601])
  }

  private static func contact(_ id: String, at: Instant, _ more: [String: JSON] = [:]) -> JSON {
    let plain: JSON = [
      "Id": .text(id), "AccountId": "0011", "Account": ["Name": "Company 1"], "Name": "Ada Byron", "Email": "ada@company1.example",
      "Title": "CTO", "Department": nil, "IsDeleted": false, "MasterRecordId": nil, "SystemModstamp": stamp(at),
    ]
    return plain.with(more)
  }

  @Test func aRoleOnAnOpportunityMakesAChampionAndTakingItAwayUnmakesIt() async throws {
    var dialect = SalesforceDialect()
    dialect.put("Contact", Self.contact("003A", at: now - .days(30)))
    let vendor = try run(dialect)
    let first = try await vendor.poll(at: now)
    let plain: JSON = [
      "kind": "contact", "id": "003A", "at": JSON(now - .days(30)), "feed": "salesforce", "account": "0011",
      "email": "ada@company1.example", "name": "Ada Byron", "title": "CTO", "company": "Company 1", "role": "user", "status": "active",
    ]
    #expect(first.lines(.contact) == [plain])
    // The role is a record of its own: the contact's stamp stays.
    func give(_ isDeleted: Bool, at: Instant) {
      let roles: JSON = [["Role": "Champion", "IsDeleted": .flag(isDeleted)], ["Role": "Evaluator", "IsDeleted": false]]
      vendor.change { dialect in
        dialect.put("Contact", Self.contact("003A", at: now - .days(30), ["OpportunityContactRoles": roles]))
        dialect.put(
          "OpportunityContactRole",
          ["Id": "00K1", "ContactId": "003A", "Role": "Champion", "IsDeleted": .flag(isDeleted), "SystemModstamp": Self.stamp(at)])
      }
    }
    give(false, at: now + .minutes(10))
    let second = try await vendor.poll(at: now + .hours(1))
    #expect(second.lines(.contact) == [plain.with(["role": "champion", "at": JSON(now + .minutes(10))])])
    give(true, at: now + .minutes(70))
    let third = try await vendor.poll(at: now + .hours(2))
    #expect(third.lines(.contact) == [plain.with(["at": JSON(now + .minutes(70))])])
  }

  @Test(
    arguments: [
      (["Buying_Role__c": "Evaluator;Champion;Decision Maker"], "champion", "active"),
      (["Buying_Role__c": "Evaluator;Decision Maker"], "decision_maker", "active"),
      (["Buying_Role__c": "Former Champion"], "user", "active"), (["IsDeleted": true], "user", "left"),
      (["No_Longer_There__c": true, "Buying_Role__c": "Champion"], "champion", "left"),
      (["No_Longer_There__c": false], "user", "active"),
      (["IsDeleted": true, "MasterRecordId": "003B", "Buying_Role__c": "Champion"], "user", "left"),
    ] as [([String: JSON], String, String)])
  func readsAContact(fields: [String: JSON], role: String, status: String) async throws {
    var dialect = SalesforceDialect()
    dialect.customFields["Contact"] = ["Buying_Role__c", "No_Longer_There__c"]
    dialect.put("Contact", Self.contact("003A", at: now - .days(3), fields))
    let poll = try await run(dialect, ["SALESFORCE_CONTACT_FIELDS": "Buying_Role__c, No_Longer_There__c"]).poll(at: now)
    #expect(poll.lines(.contact).map { $0["role"].text } == [role])
    #expect(poll.lines(.contact).map { $0["status"].text } == [status])
  }

  @Test func readsOpportunities() async throws {
    let at = Self.stamp(now - .days(3))
    let open: JSON = [
      "Id": "006A", "AccountId": "0011", "ContactId": "003A", "StageName": "Negotiation", "Type": "Existing Business",
      "Amount": .decimal("1200.50"), "CloseDate": "2026-04-30", "IsClosed": false, "IsWon": false, "IsDeleted": false,
      "SystemModstamp": at,
    ]
    var dialect = SalesforceDialect()
    dialect.put("Opportunity", open)
    dialect.put("Opportunity", open.with(["Id": "006B", "StageName": "Closed Won", "IsClosed": true, "IsWon": true, "Type": "Renewal"]))
    dialect.put("Opportunity", open.with(["Id": "006C", "IsDeleted": true]))
    let poll = try await run(dialect, ["SALESFORCE_CURRENCY": "EUR"]).poll(at: now)
    let first: JSON = [
      "kind": "opportunity", "id": "006A", "at": JSON(now - .days(3)), "feed": "salesforce", "account": "0011", "person": "003A",
      "type": "expansion", "stage": "Negotiation", "amount": 120_050, "currency": "EUR", "expected_close": "2026-04-30T00:00:00Z",
    ]
    #expect(
      poll.lines(.opportunity) == [
        first,
        first.with(["id": "006B", "stage": "Closed Won", "type": "renewal", "closed_at": "2026-04-30T00:00:00Z", "won": true]),
        first.with(["id": "006C", "stage": "deleted", "closed_at": JSON(now - .days(3))]),
      ])
  }

  @Test func readsWhatWasDoneAndNotWhatIsPlanned() async throws {
    var dialect = SalesforceDialect()
    let task: JSON = [
      "Id": "00T1", "AccountId": "0011", "WhoId": "003A", "TaskSubtype": "Call", "CallType": "Inbound", "Subject": "Called us",
      "Description": "About <b>prices</b>", "CompletedDateTime": Self.stamp(now - .days(1)), "IsClosed": true, "IsDeleted": false,
      "SystemModstamp": Self.stamp(now - .hours(3)),
    ]
    dialect.put("Task", task)
    dialect.put("Task", task.with(["Id": "00T2", "IsClosed": false]))
    dialect.put("Task", task.with(["Id": "00T3", "IsDeleted": true]))
    dialect.put("Task", task.with(["Id": "00T4", "TaskSubtype": "ListEmail", "CallType": nil, "WhoId": "00Q9"]))
    let meeting: JSON = [
      "Id": "00U1", "AccountId": "0011", "WhoId": "003A", "Subject": "Review", "Description": nil, "IsDeleted": false,
      "StartDateTime": Self.stamp(now - .days(2)), "SystemModstamp": Self.stamp(now - .days(9)),
    ]
    dialect.put("Event", meeting)
    dialect.put("Event", meeting.with(["Id": "00U2", "StartDateTime": Self.stamp(now + .minutes(30))]))
    let vendor = try run(dialect)
    let first = try await vendor.poll(at: now)
    try #require(first.ids(.engagement) == ["00T1", "00T4", "00U1"])
    #expect(
      first.lines(.engagement)[0] == [
        "kind": "engagement", "id": "00T1", "at": JSON(now - .days(1)), "feed": "salesforce", "account": "0011", "person": "003A",
        "direction": "inbound", "channel": "call", "bulk": false, "text": "Called us About prices",
      ])
    #expect(first.lines(.engagement)[1]["bulk"] == true)
    #expect(first.lines(.engagement)[1]["person"].isNull, "a lead is no contact")
    // A meeting comes when it has taken place, and one entered afterwards when it is entered.
    vendor.change { $0.put("Event", meeting.with(["Id": "00U3", "SystemModstamp": Self.stamp(now + .minutes(1))])) }
    let second = try await vendor.poll(at: now + .hours(1))
    #expect(Set(second.ids(.engagement)) == ["00U2", "00U3"])
    #expect(second.records.count == 2)
  }
}
