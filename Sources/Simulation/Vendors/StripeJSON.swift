import Events

/// Stripe's objects, in the shapes before and after 2025-03-31 ("basil"), by account.
enum StripeJSON {
  private static func version(_ account: AccountRecords) -> JSON {
    account.script.identity.hasBasilEvents ? "2025-03-31.basil" : "2024-06-20"
  }

  static func event(_ account: AccountRecords, _ event: StripeEvent) -> JSON {
    let object: JSON
    var content: [String: JSON] = [:]
    switch event.subject {
    case .subscription(let index):
      object = subscription(account, account.billing.subscription[index])
      if index > 0, event.type.hasSuffix("updated") { content["previous_attributes"] = previousAttributes(account, index) }
    case .invoice(let index, let version):
      object = invoice(account, account.billing.invoices[index], account.billing.invoices[index].versions[version])
    case .charge(let index): object = charge(account, account.billing.charges[index])
    }
    content["object"] = object
    return [
      "id": .text(event.id), "object": "event", "api_version": version(account), "created": .integer(event.at), "data": .object(content),
      "livemode": false, "pending_webhooks": 0, "request": ["id": nil, "idempotency_key": nil], "type": .text(event.type),
    ]
  }

  /// Some of what changed, as Stripe gives it: never enough to rebuild the state before.
  private static func previousAttributes(_ account: AccountRecords, _ index: Int) -> JSON {
    let (before, after) = (account.billing.subscription[index - 1], account.billing.subscription[index])
    var changed: [String: JSON] = [:]
    if before.status != after.status { changed["status"] = .text(before.status) }
    if before.seats != after.seats { changed["quantity"] = JSON(before.seats) }
    if before.cancelsAtPeriodEnd != after.cancelsAtPeriodEnd { changed["cancel_at_period_end"] = .flag(before.cancelsAtPeriodEnd) }
    if before.periodEnd != after.periodEnd { changed["current_period_end"] = .integer(before.periodEnd) }
    return .object(changed)
  }
}

// MARK: - Subscription

extension StripeJSON {
  static func subscription(_ account: AccountRecords, _ version: SubscriptionVersion) -> JSON {
    let isBasil = account.script.identity.hasBasilEvents
    let first = account.billing.subscription[0].at
    var object: [String: JSON] = [
      "id": .text(account.billing.subscriptionID), "object": "subscription", "customer": .text(account.script.identity.stripe),
      "status": .text(version.status), "created": .integer(first), "start_date": .integer(first), "billing_cycle_anchor": .integer(first),
      "cancel_at": JSON(seconds: version.cancelsAt), "cancel_at_period_end": .flag(version.cancelsAtPeriodEnd),
      "canceled_at": JSON(seconds: version.canceledAt), "ended_at": JSON(seconds: version.endedAt), "currency": "usd",
      "collection_method": collection(account), "livemode": false, "metadata": [:], "trial_end": nil, "trial_start": nil,
      "items": items(account, version, isBasil),
    ]
    if isBasil {
      object["discounts"] = []
    } else {
      object["discount"] = nil as JSON
      object["current_period_start"] = .integer(version.periodStart)
      object["current_period_end"] = .integer(version.periodEnd)
      object["quantity"] = JSON(version.seats)
    }
    return .object(object)
  }

  private static func items(_ account: AccountRecords, _ version: SubscriptionVersion, _ isBasil: Bool) -> JSON {
    var item: [String: JSON] = [
      "id": .text(account.billing.itemID), "object": "subscription_item", "price": price(version.plan), "quantity": JSON(version.seats),
      "subscription": .text(account.billing.subscriptionID), "metadata": [:],
    ]
    if isBasil {
      item["current_period_start"] = .integer(version.periodStart)
      item["current_period_end"] = .integer(version.periodEnd)
    }
    var data: [JSON] = [.object(item)]
    if account.script.metered != nil {
      item["id"] = .text("\(account.billing.itemID)m")
      item["price"] = meteredPrice
      item["quantity"] = nil
      data.append(.object(item))
    }
    return [
      "object": "list", "data": .list(data), "has_more": false, "total_count": JSON(data.count),
      "url": .text("/v1/subscription_items?subscription=\(account.billing.subscriptionID)"),
    ]
  }

  private static func price(_ plan: Plan) -> JSON {
    [
      "id": .text(priceID(plan)), "object": "price", "active": true, "billing_scheme": "per_unit", "currency": "usd", "livemode": false,
      "lookup_key": .text(plan.name), "nickname": .text("\(plan.tier.rawValue) seat"), "product": .text("prod_\(plan.tier.rawValue)"),
      "recurring": ["interval": .text(plan.isAnnual ? "year" : "month"), "interval_count": 1, "usage_type": "licensed"],
      "type": "recurring", "unit_amount": .integer(plan.unitAmount), "unit_amount_decimal": .text(String(plan.unitAmount)),
    ]
  }

  private static let meteredPrice: JSON = [
    "id": "price_1SimDocumentM", "object": "price", "active": true, "billing_scheme": "per_unit", "currency": "usd", "livemode": false,
    "lookup_key": .text(MeteredPrice.name), "nickname": "documents", "product": "prod_documents",
    "recurring": ["interval": "month", "interval_count": 1, "usage_type": "metered"],
    "type": "recurring", "unit_amount": .integer(MeteredPrice.centsPerUnit),
    "unit_amount_decimal": .text(String(MeteredPrice.centsPerUnit)),
  ]

  private static func priceID(_ plan: Plan) -> String { "price_1Sim\(plan.tier.rawValue)\(plan.isAnnual ? "Y" : "M")" }

  private static func collection(_ account: AccountRecords) -> JSON {
    account.script.payment == .card ? "charge_automatically" : "send_invoice"
  }
}

// MARK: - Invoice and charge

extension StripeJSON {
  static func invoice(_ account: AccountRecords, _ invoice: Invoice, _ version: InvoiceVersion) -> JSON {
    let isBasil = account.script.identity.hasBasilEvents
    let isPaid = version.status == "paid"
    var object: [String: JSON] = [
      "id": .text(invoice.id), "object": "invoice", "customer": .text(account.script.identity.stripe), "number": .text(invoice.number),
      "status": .text(version.status), "created": .integer(invoice.created), "currency": "usd", "collection_method": collection(account),
      "due_date": JSON(seconds: invoice.due), "amount_due": .integer(invoice.totalCents),
      "amount_paid": .integer(isPaid ? invoice.totalCents : 0), "amount_remaining": .integer(isPaid ? 0 : invoice.totalCents),
      "attempt_count": JSON(version.attempts), "attempted": .flag(version.attempts > 0), "subtotal": .integer(invoice.totalCents),
      "total": .integer(invoice.totalCents), "billing_reason": .text(invoice.isProration ? "subscription_update" : "subscription_cycle"),
      "period_start": .integer(invoice.period.lowerBound), "period_end": .integer(invoice.period.upperBound), "livemode": false,
      "metadata": [:], "lines": lines(account, invoice, isBasil),
      "status_transitions": [
        "finalized_at": version.status == "draft" ? nil : .integer(invoice.created + 3600), "marked_uncollectible_at": nil,
        "paid_at": JSON(seconds: version.paidAt), "voided_at": nil,
      ],
    ]
    if isBasil {
      object["parent"] = [
        "type": "subscription_details", "subscription_details": ["subscription": .text(account.billing.subscriptionID), "metadata": [:]],
      ]
    } else {
      object["subscription"] = .text(account.billing.subscriptionID)
      object["paid"] = .flag(isPaid)
    }
    return .object(object)
  }

  private static func lines(_ account: AccountRecords, _ invoice: Invoice, _ isBasil: Bool) -> JSON {
    var line: [String: JSON] = [
      "id": .text("il_\(invoice.id.dropFirst(3))"), "object": "line_item", "amount": .integer(invoice.cents), "currency": "usd",
      "description": .text("\(invoice.seats) × \(invoice.plan.tier.rawValue) seat"), "quantity": JSON(invoice.seats), "livemode": false,
      "period": ["start": .integer(invoice.period.lowerBound), "end": .integer(invoice.period.upperBound)], "metadata": [:],
    ]
    if isBasil {
      line["pricing"] = [
        "type": "price_details", "unit_amount_decimal": .text(String(invoice.plan.unitAmount)),
        "price_details": ["price": .text(priceID(invoice.plan)), "product": .text("prod_\(invoice.plan.tier.rawValue)")],
      ]
      line["parent"] = [
        "type": "subscription_item_details",
        "subscription_item_details": [
          "proration": .flag(invoice.isProration), "subscription": .text(account.billing.subscriptionID),
          "subscription_item": .text(account.billing.itemID),
        ],
      ]
    } else {
      line["type"] = "subscription"
      line["price"] = price(invoice.plan)
      line["proration"] = .flag(invoice.isProration)
      line["subscription"] = .text(account.billing.subscriptionID)
    }
    var data: [JSON] = [.object(line)]
    if invoice.units > 0 { data.append(.object(meteredLine(invoice, line, isBasil))) }
    return [
      "object": "list", "data": .list(data), "has_more": false, "total_count": JSON(data.count),
      "url": .text("/v1/invoices/\(invoice.id)/lines"),
    ]
  }

  /// Since 2025-03-31 a line names its price and no longer says that it is metered.
  private static func meteredLine(_ invoice: Invoice, _ seats: [String: JSON], _ isBasil: Bool) -> [String: JSON] {
    var line = seats
    line["id"] = .text("il_\(invoice.id.dropFirst(3))m")
    line["amount"] = .integer(invoice.meteredCents)
    line["description"] = .text("\(invoice.units) documents")
    line["quantity"] = .integer(invoice.units)
    if isBasil {
      line["pricing"] = [
        "type": "price_details", "unit_amount_decimal": .text(String(MeteredPrice.centsPerUnit)),
        "price_details": ["price": meteredPrice["id"], "product": meteredPrice["product"]],
      ]
    } else {
      line["price"] = meteredPrice
    }
    return line
  }

  static func charge(_ account: AccountRecords, _ charge: Charge) -> JSON {
    [
      "id": .text(charge.id), "object": "charge", "amount": .integer(charge.cents),
      "amount_captured": .integer(charge.hasSucceeded ? charge.cents : 0), "amount_refunded": 0, "captured": .flag(charge.hasSucceeded),
      "created": .integer(charge.at), "currency": "usd", "customer": .text(account.script.identity.stripe),
      "failure_code": charge.hasSucceeded ? nil : "card_declined", "failure_message": charge.hasSucceeded ? nil : "Your card was declined.",
      "invoice": .text(account.billing.invoices[charge.invoice].id), "livemode": false, "metadata": [:],
      "paid": .flag(charge.hasSucceeded), "refunded": false, "status": .text(charge.hasSucceeded ? "succeeded" : "failed"),
    ]
  }
}

extension JSON {
  /// Whole seconds or null.
  fileprivate init(seconds: Int64?) { self = seconds.map { .integer($0) } ?? .null }
}
