internal import ConfigFiles

extension SourceCompiler {
  /// Reads `push:`.
  static func push(_ node: Node, _ streams: [LocalStream], into diagnostics: inout Diagnostics) -> PushFeed? {
    guard var reader = MappingReader(node, what: "push", into: &diagnostics) else { return nil }
    defer { reader.finish(into: &diagnostics) }
    let listen = reader.optional("listen")
    let place = listen == nil ? address(PushFeed.defaultListen) : listen.flatMap { address($0, into: &diagnostics) }
    let pathNode = reader.required("path", into: &diagnostics)
    let path = pathNode.flatMap { requestPath($0, into: &diagnostics) }
    let proof = reader.required("signature", into: &diagnostics).flatMap { signature($0, into: &diagnostics) }
    let id = reader.required("id", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    guard let place, let path, let proof, let id else { return nil }
    return PushFeed(
      host: place.host, port: place.port, path: path, signature: proof, id: id, streams: streams,
      range: (pathNode ?? node).range)
  }

  private static func address(_ node: Node, into diagnostics: inout Diagnostics) -> (host: String, port: Int)? {
    guard let text = node.text(for: "listen", into: &diagnostics) else { return nil }
    if let address = address(text) { return address }
    diagnostics.report(
      .badListener, "listen is an address and a port, not \(text)", at: node.range,
      hint: "write 127.0.0.1:8788, or [::1]:8788; a listener for other machines belongs behind a proxy that speaks TLS")
    return nil
  }

  /// `127.0.0.1:8788`, `localhost:8788`, `[::1]:8788`.
  static func address(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else {
      return nil
    }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    let isFit = host.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 46 || byte == 45
        || (isBracketed && byte == 58)
    }
    guard !host.isEmpty, isFit, isBracketed == host.contains(":") else { return nil }
    return (String(host), port)
  }

  private static func requestPath(_ node: Node, into diagnostics: inout Diagnostics) -> String? {
    guard let text = node.text(for: "path", into: &diagnostics) else { return nil }
    let isFit = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"?#%\"{}*:".utf8.contains($0) }
    guard text.hasPrefix("/"), isFit, !text.contains("//") else {
      diagnostics.report(.badListener, "path is a request's path, not \(text)", at: node.range, hint: "write it as /push/segment")
      return nil
    }
    return text
  }

  private static func signature(_ node: Node, into diagnostics: inout Diagnostics) -> PushFeed.Signature? {
    guard var reader = MappingReader(node, what: "signature", into: &diagnostics) else { return nil }
    defer { reader.finish(into: &diagnostics) }
    let header = reader.requiredText("header", into: &diagnostics)
    let secret = reader.required("secret", into: &diagnostics)
    _ = reader.required("algorithm", into: &diagnostics)
    let algorithm = reader.choice("algorithm", among: ["sha1", "sha256"], into: &diagnostics)
    let encoding = reader.choice("encoding", among: ["hex", "base64"], into: &diagnostics) ?? "hex"
    guard let header, let secret, let name = secret.text(for: "the secret", into: &diagnostics), let algorithm else { return nil }
    guard SecretSource.isName(name) else {
      diagnostics.report(
        .badSecretName, "signature names its secret; this is no name", at: secret.range,
        hint: "write a name such as segment_secret here, and keep the secret itself in the credentials folder or the environment")
      return nil
    }
    guard header.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 58 }), !header.isEmpty else {
      diagnostics.report(
        .badListener, "header is the name of a header field, not \(header)", at: reader.range(ofKey: "header"),
        hint: "write header: X-Signature")
      return nil
    }
    return PushFeed.Signature(header: header, secret: SecretName(name: name, range: secret.range), algorithm: algorithm, encoding: encoding)
  }
}
