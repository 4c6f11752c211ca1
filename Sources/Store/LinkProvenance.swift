/// How a link came about; a stronger one takes a reference over from a weaker one.
package enum LinkProvenance: String, CaseIterable, Sendable {
  /// Made or undone by a person's command.
  case hand
  /// An account's own id in the CRM.
  case crm
  /// An account's own id in an import.
  case `import`
  /// An id that an account's record names.
  case external
  /// From the mapping file.
  case mapping
  /// The company's e-mail domain.
  case domain

  /// Per cent: how sure a link of this kind is.
  package var confidence: Int {
    switch self {
    case .hand: 100
    case .crm, .import, .external: 95
    case .mapping: 90
    case .domain: 60
    }
  }
}
