import Foundation
import Testing

/// Codes are told to people and to machines: one that was ever shipped means the same for good.
@Suite struct CodeTests {
  /// Code and name of each fault. A code that is given up stays here, with `retired` behind it; a new one is added in its place.
  private static let list = """
    BW0101 yamlSyntax
    BW0102 duplicateKey
    BW0103 yamlAnchor
    BW0104 fileTooLarge
    BW0105 unknownKey
    BW0106 missingKey
    BW0107 wrongType
    BW0108 badDuration
    BW0109 badChoice
    BW0110 missingVariable
    BW0111 missingSecret
    BW0201 badURL
    BW0202 unknownField
    BW0203 badPath
    BW0204 badPlaceholder
    BW0205 badPaging
    BW0206 badCursor
    BW0207 duplicateName
    BW0208 badMapping
    BW0209 badSecretName
    BW0210 badStart
    BW0211 badAuthentication
    BW0212 badBudget
    BW0220 badExpand
    BW0221 badDecode
    BW0230 badSource
    BW0231 badFolder
    BW0232 badListener
    BW0401 undefinedSink
    BW0402 badSinkURL
    BW0403 badSigningKey
    BW0404 duplicateSink
    BW0405 unusedSink
    BW0501 unknownTimeZone
    BW0502 badDay
    BW0503 mappedTwice
    BW0504 badCurrency
    BW0505 badRate
    BW0506 unknownTier
    BW1001 unexpectedCharacter
    BW1002 unclosedText
    BW1003 badNumber
    BW1004 unexpectedToken
    BW1005 unclosedParenthesis
    BW1006 tooDeep
    BW1007 tooLong
    BW1010 unknownName
    BW1011 unknownField
    BW1012 unknownFunction
    BW1013 unknownWord
    BW1014 unknownRule
    BW1015 unknownLexicon
    BW1020 wrongType
    BW1021 wrongArguments
    BW1022 badWindow
    BW1023 badUsageFilter
    BW1024 notInThisRule
    BW1025 conditionExpected
    BW1030 duplicateRule
    BW1031 ruleCycle
    BW1032 badTemplate
    BW1033 badName
    BW1034 badLevel
    BW1035 badEvidence
    BW1036 badTiers
    BW1037 tooMany
    BW1038 duplicateDefinition
    BW1039 definitionCycle
    BW1040 badTable
    BW1041 badLexicon
    BW1042 badVerdicts
    BW1101 unknownRule
    BW1102 badDate
    BW1103 badExpectation
    BW1104 badRoutine
    BW1105 badEvent
    BW1106 badField
    BW1107 outOfOrder
    """

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// What the sources say, as `BW0101 yamlSyntax`.
  private static func declared() throws -> [String] {
    let sources = root.appending(path: "Sources").resolvingSymlinksInPath()
    let files = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") } ?? []
    let pattern = /(?:static let|case) (\w+)\b[^\n"]*"(BW\d{4})"/
    return try files.flatMap { file in
      try String(contentsOf: sources.appending(path: file), encoding: .utf8).matches(of: pattern).map { "\($0.2) \($0.1)" }
    }.sorted()
  }

  @Test func `no code changes its meaning, and each stands here`() throws {
    let listed = Self.list.split(separator: "\n").map(String.init)
    #expect(listed == listed.sorted() && Set(listed.map { $0.prefix(6) }).count == listed.count, "each code once, in order")
    let declared = try Self.declared()
    #expect(declared.count > 50 && Set(declared.map { $0.prefix(6) }).count == declared.count, "a code stands for two faults")
    let inForce = listed.filter { !$0.hasSuffix(" retired") }
    #expect(declared.filter { !inForce.contains($0) } == [], "new or renamed: add it to the list; never change or reuse one")
    #expect(inForce.filter { !declared.contains($0) } == [], "given up: put `retired` behind it")
  }

  @Test func `each code has its section, with an anchor that stays`() throws {
    let text = try String(contentsOf: Self.root.appending(path: "docs/rules/errors.md").resolvingSymlinksInPath(), encoding: .utf8)
    for line in Self.list.split(separator: "\n") where !line.hasSuffix(" retired") {
      let code = String(line.prefix(6))
      #expect(
        text.contains("\n<a id=\"\(code.lowercased())\"></a>\n\n## \(code) "),
        "docs/rules/errors.md has no section for \(code), or no anchor")
    }
  }
}
