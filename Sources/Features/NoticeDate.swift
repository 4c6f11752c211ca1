package import Events

extension EntityHistory {
  /// When a customer must have said that they leave: the contract's notice date, or its end. A contract that renews itself has its next
  /// date a term later once one has passed; a monthly one, a month later. Nil where neither is on record.
  package func noticeInstant(asOf now: Instant, _ calendar: CompanyCalendar) -> Instant? {
    guard let contract = rows(.account, asOf: now).compactMap({ $0["contract"] }).last,
      let date = contract["notice_by"]?.instant ?? contract["end"]?.instant
    else { return nil }
    guard date < now, contract["auto_renew"]?.flag == true else { return date }
    let months = contract["term"]?.text == "monthly" ? 1 : 12
    let first = calendar.day(of: date)
    let today = calendar.day(of: now)
    var day = first
    var terms = 1
    while day < today {
      day = first.adding(months: months * terms)
      terms += 1
    }
    return calendar.start(of: day)
  }
}
