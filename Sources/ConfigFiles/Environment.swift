/// The variables a configuration may refer to, as `${NAME}` or `${NAME:-default}`; `$${` stands for a plain `${`.
package struct Environment: Sendable {
  private let variables: [String: String]

  package init(_ variables: [String: String]) { self.variables = variables }

  package subscript(name: String) -> String? { variables[name] }

  /// The node with every variable in its texts replaced; keys are left as they are.
  ///
  /// An empty variable counts as absent, as in a shell's `:-`.
  ///
  /// - Parameter reportMissing: whether a variable without value and default is an error; what is switched off needs none.
  package func interpolated(_ node: Node, reportMissing: Bool = true, into diagnostics: inout Diagnostics) -> Node {
    var result = node
    switch node.content {
    case .null: break
    case .sequence(let elements):
      result.content = .sequence(elements.map { interpolated($0, reportMissing: reportMissing, into: &diagnostics) })
    case .mapping(let entries):
      result.content = .mapping(
        entries.map { Node.Entry(key: $0.key, value: interpolated($0.value, reportMissing: reportMissing, into: &diagnostics)) })
    case .scalar(let text, let quoted):
      guard text.contains("${") else { break }
      var interpolation = Interpolation(text, environment: self)
      result.content = .scalar(interpolation.run(), quoted: quoted)
      for fault in interpolation.faults {
        result.isUnresolved = true
        guard reportMissing else { continue }
        diagnostics.report(
          .missingVariable, fault.message, at: node.range(ofTextAt: fault.offset, length: fault.length), hint: fault.hint)
      }
    }
    return result
  }
}

/// Replaces the variables of one text, left to right; a value is not looked into again.
private struct Interpolation {
  struct Fault {
    let message: String
    let hint: String
    let offset: Int
    let length: Int
  }

  private(set) var faults: [Fault] = []
  private let bytes: [UInt8]
  private let environment: Environment

  init(_ text: String, environment: Environment) {
    bytes = Array(text.utf8)
    self.environment = environment
  }

  mutating func run() -> String {
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
      if starts(with: "$${", at: position) {
        result.append(contentsOf: "${".utf8)
        position += 3
      } else if starts(with: "${", at: position) {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else {
          faults.append(
            Fault(message: "a variable that is never closed", hint: "write ${NAME}", offset: position, length: bytes.count - position))
          return String(decoding: result, as: UTF8.self)
        }
        result.append(contentsOf: value(from: position + 2, to: end).utf8)
        position = end + 1
      } else {
        result.append(bytes[position])
        position += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private func starts(with prefix: String, at position: Int) -> Bool { bytes[position...].starts(with: prefix.utf8) }

  private mutating func value(from start: Int, to end: Int) -> String {
    let inner = String(decoding: bytes[start..<end], as: UTF8.self)
    var name = inner
    var fallback: String?
    if let mark = inner.firstRange(of: ":-") {
      name = String(inner[..<mark.lowerBound])
      fallback = String(inner[mark.upperBound...])
    }
    func fault(_ message: String, _ hint: String) {
      faults.append(Fault(message: message, hint: hint, offset: start - 2, length: end - start + 3))
    }
    guard Self.isName(name) else {
      fault("\(name) is no name of a variable", "use letters, digits and underscores, as in ${STRIPE_URL:-https://api.stripe.com}")
      return ""
    }
    if let value = environment[name], !value.isEmpty { return value }
    if let fallback { return fallback }
    fault("the variable \(name) is not set", "set \(name) in the environment, or give it a default: ${\(name):-…}")
    return ""
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
    return name.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95 }
  }
}
