import Events
import Feeds
import Testing
import Transport

/// Recorded Salesforce answers of another project's test object, Whizbang, read by a feed of its own.
@Suite struct SalesforceRecordingTests {
  /// Answers in order, whatever is asked.
  private struct Recordings: VendorDialect {
    var answers: [(status: Int, file: String)]

    mutating func answer(_ request: HTTPRequest, at now: Instant) -> HTTPResponse {
      guard !answers.isEmpty else { return HTTPResponse(status: 599) }
      let next = answers.removeFirst()
      guard let json = try? fixture("salesforce/\(next.file).json") else { return HTTPResponse(status: 598) }
      return HTTPResponse(status: next.status, body: json.serializedBytes())
    }
  }

  private let now = instant("2026-03-10T12:00:00Z")

  private func run(_ answers: (Int, String)...) throws -> VendorRun<Recordings> {
    let feed = try connector(
      """
      name: whizbang
      enabled: true
      base_url: https://login.salesforce.com
      auth:
        oauth2:
          grant: refresh_token
          token_url: https://login.salesforce.com/services/oauth2/token
          client_id: salesforce_client_id
          client_secret: salesforce_client_secret
          refresh_token: salesforce_refresh_token
          base_url: { path: instance_url, under: [salesforce.com, force.com] }
      streams:
        - name: whizbangs
          request: { path: /services/data/v26.0/query, query: { q: SELECT Text_Label FROM Whizbang } }
          records: records
          paging: { next_url: nextRecordsUrl, stop: done }
          map:
            - kind: contact
              id: Text_Label
              at: DateTime_Label | <Date>
              fields:
                name: Text_Label
                company: ParentWhizbang__r.Name
                role: { path: Picklist_Multiselect_Label, split: ";", words: { five: champion, six: billing, four: user } }
                status: { if: { Checkbox_Label: true }, then: = left, else: = active }
            - kind: account
              each: Whizbangs__r.records
              id: Name
              at: /Date_Label
              fields: { name: Name, parent: /Text_Label }
      """)
    return VendorRun(feed, Recordings(answers: answers.map { (status: $0.0, file: $0.1) }), secrets: SalesforceDialect.secrets)
  }

  @Test func walksTwoPagesAtTheInstance() async throws {
    let vendor = try run(
      (200, "refresh_success_response"), (200, "query_paginated_first_page_response"), (200, "query_paginated_last_page_response"))
    let poll = try await vendor.poll(at: now)
    #expect(poll.ids(.contact) == ["First Page", "Last Page"])
    let requests = vendor.requests()
    try #require(requests.count == 3)
    #expect(
      requests.map(\.url) == [
        "https://login.salesforce.com/services/oauth2/token",
        "https://na1.salesforce.com/services/data/v26.0/query?q=SELECT%20Text_Label%20FROM%20Whizbang",
        "https://na1.salesforce.com/services/data/v26.0/query/01gD",
      ])
    #expect(requests[0].form["grant_type"] == "refresh_token")
    #expect(requests[0].form["refresh_token"] == SalesforceDialect.secrets["salesforce_refresh_token"])
    #expect(requests.dropFirst().allSatisfy { $0.header("Authorization") == "Bearer refreshed_access_token" })
  }

  @Test func readsARecordWithItsParentAndChildren() async throws {
    let poll = try await run((200, "auth_success_response"), (200, "query_success_response")).poll(at: now)
    #expect(
      poll.records.map(\.json) == [
        [
          "kind": "contact", "id": "Hi there!", "at": "2011-07-07T00:37:00Z", "feed": "whizbang", "name": "Hi there!",
          "company": "Parent Whizbang", "role": "billing", "status": "active",
        ],
        [
          "kind": "account", "id": "Child Whizbang", "at": "2010-01-01T00:00:00Z", "feed": "whizbang", "name": "Child Whizbang",
          "parent": "Hi there!",
        ],
      ])
  }

  @Test func anEmptyAnswerIsTheEnd() async throws {
    let poll = try await run((200, "auth_success_response"), (200, "query_empty_response")).poll(at: now)
    #expect(poll.records.isEmpty)
    #expect(poll.report.pages == 1)
  }

  @Test func anExpiredSessionIsRenewedAndTheSamePageAskedForAgain() async throws {
    let vendor = try run(
      (200, "refresh_success_response"), (200, "query_paginated_first_page_response"), (401, "expired_session_response"),
      (200, "reauth_success_response"), (200, "query_paginated_last_page_response"))
    let poll = try await vendor.poll(at: now)
    #expect(poll.ids(.contact) == ["First Page", "Last Page"])
    let requests = vendor.requests()
    try #require(requests.count == 5)
    #expect(requests[2].url == requests[4].url)
    #expect(requests[4].header("Authorization") == "Bearer new_access_token")
  }

  @Test(arguments: ["refresh_error_response", "auth_error_response"])
  func aRefusedRefreshIsSaid(file: String) async throws {
    let vendor = try run((400, file))
    let poll = try await vendor.poll(at: now, failing: true)
    let failure = try #require(poll.report.failures.first)
    #expect(failure.cause == .unauthorized)
    #expect(failure.message.contains("invalid_grant"), "\(failure)")
    #expect(!failure.description.contains("5Aep"))
    #expect(vendor.requests().count == 1)
  }

  @Test(arguments: [("query_error_response", "error_message"), ("write_error_response", "No such column 'foo'")])
  func aListOfErrorsIsQuoted(file: String, words: String) async throws {
    let poll = try await run((200, "auth_success_response"), (400, file)).poll(at: now, failing: true)
    let failure = try #require(poll.report.failures.first)
    #expect(failure.cause == .unexpectedAnswer)
    #expect(failure.message.contains(words) && failure.message.contains("INVALID_FIELD"), "\(failure)")
  }
}
