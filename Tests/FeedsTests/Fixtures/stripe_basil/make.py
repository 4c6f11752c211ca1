#!/usr/bin/env python3
"""Writes the counterparts in this folder from the recorded events in ../stripe; run it in this folder.

Each recorded event is told again as an API version from 2025-03-31 ("basil") on tells it, field by field as Stripe's changelog lists
what moved and what went. What the counterparts hold beside that is unchanged.
"""

import json
import pathlib

VERSION = "2025-03-31.basil"
HERE = pathlib.Path(__file__).parent
RECORDED = HERE.parent / "stripe"


def price_of(plan):
    """The price that a plan of the oldest recordings has become."""
    return {
        "id": plan["id"], "object": "price", "active": True, "billing_scheme": "per_unit", "currency": plan["currency"],
        "livemode": plan["livemode"], "lookup_key": None, "metadata": {}, "nickname": plan.get("nickname"), "product": plan["product"],
        "recurring": {
            "interval": plan["interval"], "interval_count": plan["interval_count"], "meter": None, "trial_period_days": None,
            "usage_type": plan.get("usage_type", "licensed"),
        },
        "type": "recurring", "unit_amount": plan["amount"], "unit_amount_decimal": str(plan["amount"]),
    }


def subscription(old):
    """The period moved to the items, the one discount into a list, and plans are gone."""
    new = dict(old)
    period = {key: new.pop(key) for key in ("current_period_start", "current_period_end")}
    discount = new.pop("discount", None)
    new["discounts"] = [] if discount is None else [discount["id"]]
    for gone in ("plan", "quantity", "start"):
        new.pop(gone, None)
    new.setdefault("start_date", old.get("start"))
    items = []
    for item in old["items"]["data"]:
        item = dict(item)
        plan = item.pop("plan", None)
        item.setdefault("price", price_of(plan) if plan else None)
        items.append({**item, **period})
    new["items"] = {**old["items"], "data": items}
    return new


def line(old):
    """The price is an id below pricing; what made the line stands below parent."""
    new = dict(old)
    price, plan = new.pop("price", None), new.pop("plan", None)
    price = price or price_of(plan)
    proration, details = new.pop("proration"), new.pop("proration_details", None)
    subscription_id, kind = new.pop("subscription", None), new.pop("type")
    item, invoice_item = new.pop("subscription_item", None), new.pop("invoice_item", None)
    for gone in ("tax_amounts", "tax_rates"):
        new.pop(gone, None)
    new["taxes"] = []
    new["pricing"] = {
        "type": "price_details", "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }
    origin = {"proration": proration, "proration_details": details, "subscription": subscription_id}
    if kind == "subscription":
        key, origin = "subscription_item_details", {**origin, "invoice_item": invoice_item, "subscription_item": item}
    else:
        key, origin = "invoice_item_details", {**origin, "invoice_item": invoice_item}
    new["parent"] = {"type": key, "invoice_item_details": None, "subscription_item_details": None, key: origin}
    return new


def invoice(old):
    """The subscription stands below parent; charges, payment intents and sums of taxes are gone."""
    new = dict(old)
    subscription_id = new.pop("subscription", None)
    for gone in ("charge", "payment_intent", "paid", "paid_out_of_band", "discount", "tax", "total_tax_amounts", "transfer_data",
                 "application_fee_amount", "quote"):
        new.pop(gone, None)
    new["total_taxes"] = []
    new["parent"] = None
    if subscription_id is not None:
        details = {"metadata": {}, "subscription": subscription_id}
        new["parent"] = {"type": "subscription_details", "quote_details": None, "subscription_details": details}
    new["lines"] = {**old["lines"], "data": [line(each) for each in old["lines"]["data"]]}
    return new


def charge(old):
    """A charge no longer names its invoice."""
    new = dict(old)
    new.pop("invoice", None)
    return new


for path in sorted(RECORDED.glob("*.json")):
    event = json.loads(path.read_text())
    kinds = {"customer.subscription.": subscription, "invoice.": invoice, "charge.": charge}
    change = next((kinds[prefix] for prefix in kinds if event["type"].startswith(prefix)), None)
    if change is None:
        continue
    event["api_version"] = VERSION
    event["data"] = {**event["data"], "object": change(event["data"]["object"])}
    (HERE / path.name).write_text(json.dumps(event, indent=2, ensure_ascii=False) + "\n")
