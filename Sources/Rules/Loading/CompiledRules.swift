package import ConfigFiles
internal import Events
internal import Revenue

/// All rules of a configuration, checked and in the order in which they are evaluated.
package struct CompiledRules: Sendable {
  /// A rule stands behind the rules whose states it reads; else by id.
  package private(set) var rules: [Rule]
  /// The expansion tiers, first match wins.
  package let tiers: [TierRule]
  /// What is said of expansion cases, first match wins.
  package private(set) var verdicts: [VerdictRule]
  /// What is looked for in the retention figures of each cut, by id; no account's rules.
  package private(set) var flags: [Rule]
  /// What the engine works out of whole cohorts once a day, by id.
  package private(set) var cohortFeatures: [CohortFeature]
  /// What `mentions` and sentiment read texts with.
  package let lexicons: Lexicons

  /// Whether any rule reads the risk score.
  package var readRisk: Bool { rules.contains { $0.inputs.readsRisk } }

  /// What the tiers' conditions can change with beside the passing of time.
  ///
  /// A pulse counts among it: it moves the band that the tiers read.
  package var tierInputs: NodeInputs { tiers.reduce(NodeInputs(kinds: KindSet(.pulse))) { $0.union($1.when.root.inputs) } }

  /// The one rule with those it reads; all of them where there is no such rule, or where the account's score is read too.
  package func narrowed(to id: String) -> CompiledRules { rule(id) == nil ? self : keeping([id], verdicts: []) }

  /// The verdicts with the rules they read; all where one of them reads the account's score.
  package var narrowedToVerdicts: CompiledRules { keeping(Set(verdicts.flatMap(\.rule.dependencies)), verdicts: verdicts) }

  private func keeping(_ ids: Set<String>, verdicts: [VerdictRule]) -> CompiledRules {
    var wanted = ids
    for rule in rules.reversed() where wanted.contains(rule.id) { wanted.formUnion(rule.dependencies) }
    let kept = rules.filter { wanted.contains($0.id) }
    let read = (kept + verdicts.map(\.rule)).reduce(into: Set<Scalar>()) { $0.formUnion($1.scalars) }
    guard read.isDisjoint(with: [.riskBand, .riskPoints, .caseOpen, .caseVerdict]) else { return self }
    var narrowed = self
    narrowed.rules = kept
    narrowed.verdicts = verdicts
    narrowed.cohortFeatures = Self.cohortFeatures(of: kept + verdicts.map(\.rule), tiers)
    return narrowed
  }

  package func rule(_ id: String) -> Rule? { rules.first { $0.id == id } }

  /// Whether a rule only says why an account does not grow.
  package func isFlat(_ id: String) -> Bool { rule(id)?.about == .flat }

  /// Reads rule files, and lexicons where they stand in a folder of that name; nil if any has an error. Every fault of every file is
  /// reported.
  package static func load(files: [SourceFile], diagnostics: inout Diagnostics) -> CompiledRules? {
    let errorsBefore = diagnostics.errorCount
    var ruleNodes: [Node] = []
    var tierNodes: [Node] = []
    var verdictNodes: [Node] = []
    var flagNodes: [Node] = []
    let lexicons = LexiconFiles.read(files.filter(LexiconFiles.isLexicon), into: &diagnostics)
    var definitions: [Node.Entry] = []
    for file in files where !LexiconFiles.isLexicon(file) {
      guard let root = parse(file, into: &diagnostics),
        var reader = MappingReader(root, what: "rule file", into: &diagnostics)
      else { continue }
      definitions += reader.mapping("define", into: &diagnostics)
      ruleNodes += reader.misspelt("rules")?.elements ?? reader.list("rules", into: &diagnostics)
      tierNodes += reader.list("tiers", into: &diagnostics)
      verdictNodes += reader.list("verdicts", into: &diagnostics)
      flagNodes += reader.list("flags", into: &diagnostics)
      reader.finish(into: &diagnostics)
    }
    let count = ruleNodes.count + flagNodes.count
    if count > RuleLimits.rules {
      diagnostics.report(.tooMany, "there are \(count) rules; at most \(RuleLimits.rules) are read", at: (ruleNodes + flagNodes)[0].range)
      return nil
    }
    var catalogue = catalogue(of: ruleNodes + flagNodes, &diagnostics)
    // No rule of an account can read how a flag stands.
    for node in flagNodes { if let id = node["id"]?.text { catalogue[id] = nil } }
    var reader = RuleReader(catalogue: catalogue)
    reader.shared.lexicons = lexicons
    reader.shared = reader.definitions(definitions, into: &diagnostics)
    let drafts = ruleNodes.compactMap { [reader] node in reader.rule(node, into: &diagnostics).map { ($0, node) } }
    let tiers = self.tiers(tierNodes, reader, &diagnostics)
    let verdicts = self.verdicts(verdictNodes, reader, &diagnostics)
    let flags = flagNodes.compactMap { [reader] node in reader.flag(node, into: &diagnostics) }.sorted { $0.id < $1.id }
    let rules = ordered(drafts, &diagnostics)
    guard diagnostics.errorCount == errorsBefore else { return nil }
    return CompiledRules(
      rules: rules, tiers: tiers, verdicts: verdicts, flags: flags, cohortFeatures: cohortFeatures(of: rules + verdicts.map(\.rule), tiers),
      lexicons: lexicons)
  }

  /// The ids and what the rules are about, read ahead so that rules may refer to rules of any file.
  private static func catalogue(of nodes: [Node], _ diagnostics: inout Diagnostics) -> [String: RuleSubjectMatter] {
    var catalogue: [String: RuleSubjectMatter] = [:]
    var firstPlaces: [String: SourceRange] = [:]
    for node in nodes {
      guard let idNode = node["id"] ?? misspeltID(of: node), let id = idNode.text else { continue }
      if let first = firstPlaces[id] {
        diagnostics.report(
          .duplicateRule, "there are two rules with the id \(id)", at: idNode.range,
          hint: "the other stands at \(first.file.path):\(first.line)")
        continue
      }
      firstPlaces[id] = idNode.range
      catalogue[id] = node["about"]?.text.flatMap(RuleSubjectMatter.init(rawValue:)) ?? .risk
    }
    return catalogue
  }

  /// A misspelt key is told where the rule is read; other rules may refer to the id all the same.
  private static func misspeltID(of node: Node) -> Node? { node.entries?.first { nearest($0.name, among: ["id"]) != nil }?.value }

  private static func tiers(_ nodes: [Node], _ reader: RuleReader, _ diagnostics: inout Diagnostics) -> [TierRule] {
    var tiers: [TierRule] = []
    for node in nodes {
      guard let tier = reader.tier(node, into: &diagnostics) else { continue }
      if tiers.contains(where: { $0.tier == tier.tier }) {
        diagnostics.report(
          .badTiers, "the tier \(tier.tier.rawValue) is defined twice", at: node["tier"]?.range ?? node.range,
          hint: "join the two conditions with or")
      }
      tiers.append(tier)
    }
    return tiers
  }

  private static func verdicts(_ nodes: [Node], _ reader: RuleReader, _ diagnostics: inout Diagnostics) -> [VerdictRule] {
    var verdicts: [VerdictRule] = []
    for node in nodes {
      guard let verdict = reader.verdict(node, into: &diagnostics) else { continue }
      if verdicts.contains(where: { $0.verdict == verdict.verdict }) {
        diagnostics.report(
          .badVerdicts, "the verdict \(verdict.verdict.rawValue) is defined twice", at: node["verdict"]?.range ?? node.range,
          hint: "join the two conditions with or")
      }
      verdicts.append(verdict)
    }
    return verdicts
  }

  /// Rules behind those they read, else by id; a circle is an error of each rule in it.
  private static func ordered(_ drafts: [(rule: Rule, node: Node)], _ diagnostics: inout Diagnostics) -> [Rule] {
    let drafts = drafts.sorted { $0.rule.id < $1.rule.id }
    let all = Set(drafts.map(\.rule.id))
    // How many of the rules it reads each still waits for, and who waits for whom; rules are named by their place.
    var missing = drafts.map { draft in draft.rule.dependencies.count(where: all.contains) }
    var readers: [String: [Int]] = [:]
    for (place, draft) in drafts.enumerated() {
      for dependency in draft.rule.dependencies { readers[dependency, default: []].append(place) }
    }
    var ready = drafts.indices.filter { missing[$0] == 0 }.reversed() as [Int]
    var done: Set<Int> = []
    var ordered: [Rule] = []
    while let place = ready.popLast() {
      done.insert(place)
      ordered.append(drafts[place].rule)
      for reader in readers.removeValue(forKey: drafts[place].rule.id) ?? [] {
        missing[reader] -= 1
        guard missing[reader] == 0 else { continue }
        ready.insert(reader, at: ready.firstIndex { $0 < reader } ?? ready.endIndex)
      }
    }
    let waiting = drafts.indices.filter { !done.contains($0) }.map { drafts[$0] }
    for (rule, node) in waiting {
      guard let circle = circle(from: rule.id, among: waiting.map(\.rule)) else { continue }
      diagnostics.report(
        .ruleCycle, "rules refer to each other in a circle: \(circle.joined(separator: " → "))", at: node["id"]?.range ?? node.range,
        hint: "a rule may read another's state only if that one does not read this one's")
    }
    return ordered
  }

  /// The path from a rule back to itself; nil for one that merely waits for a circle.
  private static func circle(from start: String, among rules: [Rule]) -> [String]? {
    var paths = [[start]]
    var seen: Set<String> = []
    while !paths.isEmpty {
      let path = paths.removeFirst()
      guard let last = path.last, let rule = rules.first(where: { $0.id == last }) else { continue }
      for next in rule.dependencies {
        if next == start { return path + [start] }
        if seen.insert(next).inserted { paths.append(path + [next]) }
      }
    }
    return nil
  }

  private static func cohortFeatures(of rules: [Rule], _ tiers: [TierRule]) -> [CohortFeature] {
    var features: [String: CohortFeature] = [:]
    for feature in rules.flatMap(\.expressions).flatMap(\.cohortFeatures) + tiers.flatMap(\.when.cohortFeatures) {
      features[feature.id] = feature.joined(features[feature.id])
    }
    return features.values.sorted { $0.id < $1.id }
  }
}
