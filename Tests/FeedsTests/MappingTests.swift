import Events
import Feeds
import Testing
import Transport

@Suite struct MappingTests {
  private let now = instant("2026-03-10T12:00:00Z")

  /// What a page gives; `beside` answers what is asked beside it.
  private func records(_ feed: String, _ stream: String, _ page: JSON, beside: JSON? = nil, cursor: JSON = .null) throws -> [JSON] {
    var walk = try walk(try shippedFeed(feed), stream, cursor: cursor)
    var answers = [page]
    return try run(&walk, now: now) { _ in answer(answers.isEmpty ? beside ?? page : answers.removeFirst(), date: now) }.map(\.json)
  }

  @Test func readsBasilSubscriptions() throws {
    let found = try records(
      "stripe", "subscriptions",
      [
        "has_more": false,
        "data": [
          [
            "id": "sub_1", "customer": ["id": "cus_1", "object": "customer"], "status": "active", "start_date": 1_767_225_600,
            "cancel_at_period_end": true, "cancel_at": nil,
            "items": [
              "data": [
                [
                  "id": "si_1", "quantity": 40, "current_period_end": 1_775_001_600,
                  "price": [
                    "id": "price_1", "lookup_key": "team_monthly", "nickname": "Team", "unit_amount": 1999, "unit_amount_decimal": "1999.5",
                    "currency": "eur", "recurring": ["interval": "month", "interval_count": 1, "usage_type": "licensed"],
                  ],
                ],
                [
                  "id": "si_2",
                  "price": [
                    "id": "price_2", "nickname": "API calls", "unit_amount": nil, "unit_amount_decimal": "0.25", "currency": "eur",
                    "recurring": ["interval": "month", "interval_count": 1, "usage_type": "metered"],
                  ],
                ],
              ]
            ], "discounts": [["source": ["coupon": ["percent_off": JSON.decimal("12.5")]], "end": 1_775_001_600], "di_not_expanded"],
          ],
          ["id": "sub_2", "customer": "cus_2", "status": "incomplete_expired", "items": ["data": []]],
        ],
      ])
    #expect(
      found == [
        [
          "kind": "subscription", "id": "sub_1", "at": "2026-03-10T12:00:00Z", "feed": "stripe", "account": "cus_1", "status": "active",
          "items": [
            [
              "id": "si_1", "plan": "team_monthly", "quantity": 40, "unit_amount": "1999.5", "currency": "eur", "interval": "month",
              "interval_count": 1, "metered": false,
            ],
            [
              "id": "si_2", "plan": "API calls", "quantity": 1, "unit_amount": "0.25", "currency": "eur", "interval": "month",
              "interval_count": 1, "metered": true,
            ],
          ], "discounts": [["percent": JSON.decimal("12.5"), "ends_at": "2026-04-01T00:00:00Z"]], "started_at": "2026-01-01T00:00:00Z",
          "cancel_at": "2026-04-01T00:00:00Z",
        ]
      ])
  }

  @Test func readsOldDiscountsPausesAndProrations() throws {
    let found = try records(
      "stripe", "events",
      [
        "has_more": false,
        "data": [
          [
            "id": "evt_1", "type": "customer.subscription.updated", "created": 1_773_100_000,
            "data": [
              "object": [
                "id": "sub_1", "customer": "cus_1", "status": "active", "pause_collection": ["behavior": "void"], "discounts": [],
                "discount": ["coupon": ["amount_off": 500], "end": nil], "items": ["data": []], "cancel_at_period_end": true,
                "current_period_end": 1_775_001_600,
              ]
            ],
          ],
          [
            "id": "evt_2", "type": "invoice.paid", "created": 1_773_100_001,
            "data": [
              "object": [
                "id": "in_1", "customer": "cus_1", "status": "paid", "total": 900, "currency": "usd", "due_date": 1_773_000_000,
                "created": 1_772_000_000, "status_transitions": ["paid_at": 1_773_100_001],
                "lines": [
                  "data": [
                    ["amount": 400, "proration": true, "type": "invoiceitem"],
                    [
                      "amount": -100,
                      "parent": ["type": "invoice_item_details", "invoice_item_details": ["proration": true]],
                    ], ["amount": -50], ["amount": 30, "price": ["recurring": ["usage_type": "metered"]]],
                    ["amount": 500, "parent": ["type": "subscription_item_details"]],
                    ["amount": 7, "parent": ["type": "invoice_item_details"]],
                  ]
                ],
              ]
            ],
          ],
        ],
      ])
    #expect(found[0]["status"] == "paused")
    #expect(found[0]["discounts"] == [["amount": 500]])
    #expect(found[0]["cancel_at"] == "2026-04-01T00:00:00Z")
    #expect(found[1]["due_at"] == "2026-03-08T20:00:00Z")
    #expect(
      found[1]["lines"].list?.map { $0["type"] } == ["proration", "proration", "credit", "metered", "recurring", "one_time"])
  }

  @Test func readsHubSpotCompanies() throws {
    let found = try records(
      "hubspot", "companies",
      [
        "total": 1,
        "results": [
          [
            "id": "501", "updatedAt": "2026-03-01T08:00:00.000Z",
            "properties": [
              "hs_lastmodifieddate": "2026-03-01T08:00:00.123Z", "name": "Acme", "domain": "acme.example", "industry": "",
              "segment": "mid_market", "region": nil, "lifecyclestage": "customer", "stripe_customer_id": "cus_1",
              "zendesk_organization_id": "9001", "product_group_id": "acme", "csm_name": "Ada", "csm_email": "ada@example.com",
              "contract_start": "1767225600000", "contract_end": "2026-12-31", "contract_term": "annual", "contract_auto_renew": "true",
              "contract_notice_by": "", "churned_at": "", "churn_reason": nil,
            ],
          ]
        ],
      ])
    #expect(
      found == [
        [
          "kind": "account", "id": "501", "at": "2026-03-01T08:00:00.123000Z", "feed": "hubspot", "account": "501", "name": "Acme",
          "domain": "acme.example", "segment": "mid_market", "status": "customer", "owner": ["name": "Ada", "email": "ada@example.com"],
          "contract": ["start": "2026-01-01T00:00:00Z", "end": "2026-12-31T00:00:00Z", "term": "annual", "auto_renew": true],
          "external": ["stripe": "cus_1", "zendesk": "9001", "posthog": "acme"],
        ]
      ])
  }

  @Test(arguments: [
    ("CHAMPION", "", "champion", "active"), ("BUDGET_HOLDER", "2026-02-01", "billing", "left"), ("BLOCKER", "", "user", "active"),
  ])
  func readsHubSpotContacts(buying: String, changed: String, role: String, status: String) throws {
    let found = try records(
      "hubspot", "contacts",
      [
        "results": [
          [
            "id": "7",
            "properties": [
              "lastmodifieddate": "2026-03-01T08:00:00Z", "email": "eve@acme.example", "firstname": "Eve", "lastname": nil,
              "hs_buying_role": .text(buying), "associatedcompanyid": "501", "hs_job_change_detected_date": .text(changed),
              "zendesk_user_id": "77",
            ],
          ]
        ]
      ])
    #expect(
      found == [
        [
          "kind": "contact", "id": "7", "at": "2026-03-01T08:00:00Z", "feed": "hubspot", "account": "501", "email": "eve@acme.example",
          "name": "Eve", "role": .text(role), "status": .text(status), "external": ["zendesk": "77"],
        ]
      ])
  }

  @Test func readsHubSpotDealsInMinorUnits() throws {
    func deal(_ id: String, _ amount: String, _ currency: String, won: String, lost: String) -> JSON {
      [
        "id": .text(id),
        "properties": [
          "hs_lastmodifieddate": "2026-03-01T08:00:00Z", "dealtype": "existingbusiness", "dealstage": "closedwon", "amount": .text(amount),
          "deal_currency_code": .text(currency), "closedate": "2026-02-28T00:00:00Z", "hs_is_closed_won": .text(won),
          "hs_is_closed_lost": .text(lost), "hs_primary_associated_company": "501",
        ],
      ]
    }
    let found = try records(
      "hubspot", "deals",
      [
        "results": [
          deal("1", "1200.505", "USD", won: "true", lost: "false"), deal("2", "5000", "JPY", won: "false", lost: "true"),
          deal("3", "1", "EUR", won: "false", lost: "false"),
        ]
      ])
    #expect(found.map { $0["amount"] } == [120_051, 5000, 100])
    #expect(found.map { $0["won"] } == [true, false, nil])
    #expect(found.map { $0["closed_at"] } == ["2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z", nil])
    #expect(found[0]["type"] == "expansion")
    #expect(found[0]["account"] == "501")
  }

  @Test func readsHubSpotNotesWithoutMarkup() throws {
    let found = try records(
      "hubspot", "notes",
      [
        "results": [
          [
            "id": "9",
            "properties": [
              "hs_lastmodifieddate": "2026-03-01T08:00:00Z", "hs_timestamp": "2026-02-27T08:00:00Z", "direction": "INBOUND",
              "hs_note_body": "<div><p>AP asks for a\n breakdown</p><p>5 &lt; 6 &amp;amp;</p></div>",
            ],
          ]
        ]
      ], beside: ["results": [["from": ["id": "9"], "to": [["toObjectId": 501]]]]])
    #expect(
      found == [
        [
          "kind": "engagement", "id": "9", "at": "2026-02-27T08:00:00Z", "feed": "hubspot", "account": "501", "direction": "inbound",
          "channel": "note", "text": "AP asks for a breakdown 5 < 6 &amp;",
        ]
      ])
  }

  @Test func readsZendeskTickets() throws {
    let found = try records(
      "zendesk", "tickets",
      [
        "after_cursor": "a", "end_of_stream": true,
        "tickets": [
          [
            "id": 1, "subject": "Export fails", "description": "again", "type": "incident", "status": "solved", "priority": "urgent",
            "tags": ["vip", "topic_export", "escalated", "topic_other"], "organization_id": 9001, "requester_id": 77,
            "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-02T00:00:00Z",
            "satisfaction_rating": ["score": "bad_with_comment"],
            "metric_set": ["reopens": 2, "solved_at": "2026-03-02T00:00:00Z"],
          ],
          [
            "id": 2, "status": "closed", "tags": ["closed_by_merge"], "created_at": "2026-03-01T00:00:00Z",
            "updated_at": "2026-03-02T00:00:00Z",
          ],
        ],
      ])
    #expect(
      found[0] == [
        "kind": "ticket", "id": "1", "at": "2026-03-02T00:00:00Z", "feed": "zendesk", "account": "9001", "person": "77",
        "subject": "Export fails", "body": "again", "type": "incident", "status": "solved", "priority": "urgent", "escalated": true,
        "reopens": 2, "topic": "export", "tags": ["vip", "topic_export", "escalated", "topic_other"], "csat": "bad",
        "opened_at": "2026-03-01T00:00:00Z", "solved_at": "2026-03-02T00:00:00Z",
      ])
    #expect(found[1]["status"] == "merged")
    #expect(found[1]["account"] == nil)
  }

  @Test func readsPostHogRowsByTheirColumns() throws {
    let found = try records(
      "posthog", "events",
      [
        "columns": ["event", "uuid", "distinct_id", "timestamp", "$group_0", "properties.quantity", "properties.team"],
        "results": [
          ["api_call", "u-1", "eve@acme.example", "2026-03-01T08:00:00.123456Z", "acme", 250, nil],
          ["login", "u-2", "bob@acme.example", "2026-03-01 08:00:01", "", nil, "sales"],
        ],
      ], cursor: ["through": "2026-03-01T00:00:00Z"])
    #expect(
      found == [
        [
          "kind": "usage", "id": "u-1", "at": "2026-03-01T08:00:00.123456Z", "feed": "posthog", "account": "acme",
          "person": "eve@acme.example", "name": "api_call", "quantity": 250,
        ],
        [
          "kind": "usage", "id": "u-2", "at": "2026-03-01T08:00:01Z", "feed": "posthog", "person": "bob@acme.example", "name": "login",
          "quantity": 1, "team": "sales",
        ],
      ])
  }

  @Test func aBadRecordIsSetAsideAndTheOthersKept() throws {
    let feed = try shippedFeed("posthog")
    var walk = try walk(feed)
    _ = walk.next(now: now)
    let outcome = walk.receive(
      answer(
        [
          "columns": ["uuid", "event", "timestamp", "properties.quantity"],
          "results": [
            ["u-1", "a", "2026-03-01T08:00:00Z", "many"], [nil, "b", "2026-03-01T08:00:00Z", 1], ["u-3", "c", "yesterday", 1],
            ["u-4", "d", nil, 1], ["u-5", "e", "2026-03-01T08:00:00Z", 5], "no row at all",
          ],
        ], date: now), now: now)
    guard case .page(let records, let rejected) = outcome else {
      Issue.record("no page: \(outcome)")
      return
    }
    #expect(records.map(\.id) == ["u-5"])
    #expect(rejected.map(\.path) == ["usage.quantity", "usage.id", "usage.at", "usage.at", "usage.id"])
    #expect(rejected.map(\.sourceID) == ["u-1", nil, "u-3", "u-4", nil])
    #expect(rejected[0].message == "a number expected")
    #expect(rejected[2].message.contains("yesterday"))
  }

  @Test func oneRecordCanBecomeMany() throws {
    let feed = try connector(
      """
      name: survey
      base_url: https://api.example.com
      streams:
        - name: answers
          request: { path: /answers }
          records: .
          map:
            - { kind: survey, each: scores, id: id, at: /taken, account: /company, fields: { metric: = nps, score: value } }
            - { kind: pulse, when: { mood: { present: true } }, id: mood.id, at: taken, fields: { level: mood.level } }
      """)
    var walk = try walk(feed)
    let found = try run(&walk, now: now) { _ in
      answer([
        [
          "taken": 1_767_225_600_000, "company": 5, "scores": [["id": 1, "value": "9"], nil, ["id": 2, "value": JSON.decimal("3.0")]],
          "mood": ["id": "m", "level": "WATCH"],
        ]
      ])
    }
    #expect(found.map(\.id) == ["1", "2", "m"])
    #expect(found.map { $0.at } == Array(repeating: instant("2026-01-01T00:00:00Z"), count: 3))
    #expect(found[1].json["score"] == 3)
    #expect(found[1].account == "5")
    #expect(found[2].json["level"] == "watch")
  }
}
