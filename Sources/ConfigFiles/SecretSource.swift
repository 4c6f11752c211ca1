internal import Foundation

/// A credential; prints as `•••` so that no log, error or state can hold it by accident.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let text: String

  package init(_ text: String) { self.text = text }

  /// The credential itself, for the request that needs it and nothing else.
  package var revealed: String { text }

  package var description: String { "•••" }
  package var debugDescription: String { "•••" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret cannot be had; holds its name, never its value.
package struct SecretError: Error, Hashable, Sendable, CustomStringConvertible {
  package let name: String
  package let message: String
  package let hint: String

  package var description: String { "the secret \(name) \(message); \(hint)" }
}

/// Where credentials come from: the service manager's credentials directory, then a folder, then the environment.
///
/// Configuration knows only names: `stripe_api_key` is a file of that name, or the variable `STRIPE_API_KEY`.
package struct SecretSource: Sendable {
  private let directories: [String]
  private let environment: Environment

  /// The most bytes a credential may have: 64 KiB.
  package static let byteLimit = 64 * 1024

  /// - Parameters:
  ///   - folder: a folder with one file per secret, for machines without systemd credentials.
  ///   - environment: its `CREDENTIALS_DIRECTORY` is searched first, where set.
  package init(folder: String? = nil, environment: Environment) {
    directories = [environment["CREDENTIALS_DIRECTORY"], folder].compactMap { $0 }
    self.environment = environment
  }

  /// The credential of a name; the end of its last line is not part of it.
  ///
  /// - Throws: `SecretError` if the name is none, nothing holds it, or what holds it is empty, too long or not UTF-8.
  package func value(_ name: String) throws(SecretError) -> Secret {
    let lines = try values(name)
    guard lines.count == 1 else { throw SecretError(name: name, message: "has several lines", hint: "a credential is one line") }
    return lines[0]
  }

  /// The most credentials one secret may hold.
  package static let lineLimit = 8

  /// The credentials of a secret that may hold several, one a line, as while one is being replaced by another.
  ///
  /// - Throws: as `value`, and where a line is empty or there are more than `lineLimit`.
  package func values(_ name: String) throws(SecretError) -> [Secret] {
    let text = try text(name)
    var trimmed = text[...]
    while let last = trimmed.last, last.isNewline { trimmed.removeLast() }
    guard !trimmed.isEmpty else { throw SecretError(name: name, message: "is empty", hint: "write the credential into it") }
    let lines = trimmed.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard lines.count <= Self.lineLimit, !lines.contains(where: { $0.isEmpty || $0.contains("\0") }) else {
      throw SecretError(
        name: name, message: "has empty lines or more than \(Self.lineLimit)", hint: "write each credential on a line of its own")
    }
    return lines.map { Secret(String($0)) }
  }

  private func text(_ name: String) throws(SecretError) -> String {
    guard Self.isName(name) else {
      throw SecretError(name: name, message: "has no usable name", hint: "use letters, digits, dots, dashes and underscores")
    }
    for directory in directories {
      guard let contents = FileManager.default.contents(atPath: directory + "/" + name) else { continue }
      guard contents.count <= Self.byteLimit, let text = String(bytes: contents, encoding: .utf8) else {
        throw SecretError(
          name: name, message: "cannot be read from \(directory)", hint: "it should be UTF-8 of at most \(Self.byteLimit) bytes")
      }
      return text
    }
    guard let text = environment[Self.variable(for: name)] else {
      let places = directories.map { "the file \($0)/\(name)" } + ["the variable \(Self.variable(for: name))"]
      throw SecretError(name: name, message: "is not set", hint: "put it into " + places.joined(separator: " or "))
    }
    return text
  }

  /// The environment's name for a secret: `stripe_api_key` is `STRIPE_API_KEY`.
  package static func variable(for name: String) -> String {
    String(name.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
  }

  /// Whether a word may name a secret: no path can be smuggled in.
  package static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, first != UInt8(ascii: "."), name.utf8.count <= 128 else { return false }
    return name.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte == 45 || byte == 46
    }
  }
}
