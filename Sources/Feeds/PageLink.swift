/// The `Link` header field (RFC 8288), as far as paging needs it.
enum PageLink {
  /// The target of the first link of a relation, as written; nil where there is none.
  ///
  /// Links that cannot be read are passed over; a relation is compared without regard to letter case, and a link may have several.
  static func target(of relation: String, in fields: [String]) -> String? {
    for field in fields {
      var rest = field[...]
      while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
        let target = String(rest[rest.index(after: open)..<close])
        rest = rest[rest.index(after: close)...]
        let relations = relations(of: &rest)
        if relations.contains(where: { $0.lowercased() == relation.lowercased() }) { return target }
      }
    }
    return nil
  }

  /// Reads the parameters of one link up to the comma that ends it; gives the words of its first `rel`.
  private static func relations(of rest: inout Substring) -> [Substring] {
    var relations: [Substring]?
    while let parameter = parameter(&rest) {
      guard parameter.name.lowercased() == "rel", relations == nil else { continue }
      relations = parameter.value.split(whereSeparator: { $0 == " " || $0 == "\t" })
    }
    return relations ?? []
  }

  private static func parameter(_ rest: inout Substring) -> (name: String, value: Substring)? {
    rest = rest.drop { $0 == " " || $0 == "\t" }
    guard rest.first == ";" else {
      rest = rest.drop { $0 != "," }.dropFirst()
      return nil
    }
    rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
    let name = rest.prefix { !"=;, \t".contains($0) }
    rest = rest.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }
    guard rest.first == "=" else { return (String(name), "") }
    rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
    guard rest.first == "\"" else {
      let value = rest.prefix { !";, \t".contains($0) }
      rest = rest.dropFirst(value.count)
      return (String(name), value)
    }
    return (String(name), quoted(&rest))
  }

  private static func quoted(_ rest: inout Substring) -> Substring {
    rest = rest.dropFirst()
    var value = ""
    while let character = rest.popFirst(), character != "\"" {
      value.append(character == "\\" ? rest.popFirst() ?? character : character)
    }
    return value[...]
  }

  /// A reference as an absolute URL, read from the URL it was found under (RFC 3986 §5.2; dot segments are left as they are).
  static func resolve(_ reference: String, from base: String) -> String {
    let scheme = reference.prefix { !":/?#".contains($0) }
    if reference.dropFirst(scheme.count).first == ":" { return reference }
    guard let colon = base.firstIndex(of: ":") else { return reference }
    if reference.hasPrefix("//") { return base[...colon] + reference }
    let afterScheme = base[base.index(after: colon)...].dropFirst(2)
    let authority = base[..<(afterScheme.firstIndex { "/?#".contains($0) } ?? base.endIndex)]
    if reference.hasPrefix("/") { return authority + reference }
    let path = base.dropFirst(authority.count).prefix { !"?#".contains($0) }
    if reference.isEmpty { return base }
    if reference.hasPrefix("?") { return authority + path + reference }
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
    return authority + folder + reference
  }
}
