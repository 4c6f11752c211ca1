/// The stable code of a fault in a rule file; each has a section in `docs/rules/errors.md`.
package enum RuleCode: String, CaseIterable, Sendable {
  case unexpectedCharacter = "BW1001"
  case unclosedText = "BW1002"
  case badNumber = "BW1003"
  case unexpectedToken = "BW1004"
  case unclosedParenthesis = "BW1005"
  case tooDeep = "BW1006"
  case tooLong = "BW1007"

  case unknownName = "BW1010"
  case unknownField = "BW1011"
  case unknownFunction = "BW1012"
  case unknownWord = "BW1013"
  case unknownRule = "BW1014"
  case unknownLexicon = "BW1015"

  case wrongType = "BW1020"
  case wrongArguments = "BW1021"
  case badWindow = "BW1022"
  case badUsageFilter = "BW1023"
  case notInThisRule = "BW1024"
  case conditionExpected = "BW1025"

  case duplicateRule = "BW1030"
  case ruleCycle = "BW1031"
  case badTemplate = "BW1032"
  case badName = "BW1033"
  case badLevel = "BW1034"
  case badEvidence = "BW1035"
  case badTiers = "BW1036"
  case tooMany = "BW1037"
  case duplicateDefinition = "BW1038"
  case definitionCycle = "BW1039"
  case badTable = "BW1040"
  case badLexicon = "BW1041"
  case badVerdicts = "BW1042"
}

/// What is wrong at a place inside one expression's text.
package struct Fault: Hashable, Sendable {
  package let code: RuleCode
  package let message: String
  /// UTF-8 bytes of the expression's text.
  package let range: Range<Int>
  package let hint: String?

  init(_ code: RuleCode, _ message: String, at range: Range<Int>, hint: String? = nil) {
    self.code = code
    self.message = message
    self.range = range
    self.hint = hint
  }
}

/// The named limits of rule files.
package enum RuleLimits {
  /// Nested parentheses, calls and operators of one expression.
  package static let expressionDepth = 64
  /// UTF-8 bytes of one expression.
  package static let expressionBytes = 4_096
  /// Days of one window, of `for`, `before` and `ago`.
  package static let windowDays = 1_100
  /// Rules in all files together.
  package static let rules = 500
  /// Bindings of one rule.
  package static let bindings = 50
  /// Entries of `define:` in all files together.
  package static let definitions = 200
  /// Entries of one `by:` table.
  package static let tableEntries = 20
}
