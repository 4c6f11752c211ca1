/// What became of an expansion, as it is judged each day; in the order of the shipped precedence, gravest first.
package enum CaseVerdict: String, CaseIterable, Sendable {
  /// What is new was tried and given up, with escalations beside it: it was bought to save something that could not be saved.
  case lastResort = "last_resort"
  /// The champion who pushed it left or fell silent.
  case championBet = "champion_bet"
  /// What was bought was never put to use.
  case shelfware
  /// Seats came first, and use never caught up.
  case unadopted
  /// One bulk purchase, and no more people than before.
  case boughtAhead = "bought_ahead"
  /// Use carries what was bought.
  case healthy
  /// Not yet known.
  case proving

  /// Whether it speaks against the expansion.
  package var isBad: Bool { self != .healthy && self != .proving }

  /// As it is said in a sentence: `last resort`.
  package var words: String { rawValue.split(separator: "_").joined(separator: " ") }
}

/// Who began the talk that an expansion came of.
package enum CaseOrigin: String, CaseIterable, Sendable {
  /// The customer asked.
  case reactive
  /// Our own people saw the opportunity first.
  case proactive
}
