package import ConfigFiles

extension SinkCatalog {
  /// A signer for each enabled sink, by the sink's name.
  ///
  /// - Throws: `SinkKeyError` for the first key that cannot be had; nothing is sent unsigned.
  package func signers(from secrets: SecretSource) throws(SinkKeyError) -> [String: WebhookSigner] {
    var signers: [String: WebhookSigner] = [:]
    for sink in sinks where sink.isEnabled {
      var keys: [SigningKey] = []
      for name in sink.secrets {
        do {
          keys.append(try SigningKey(try secrets.value(name).revealed))
        } catch let error as SecretError {
          throw SinkKeyError(sink: sink.name, message: "\(error); \(error.hint)")
        } catch {
          throw SinkKeyError(sink: sink.name, message: "the secret \(name) is no signing key: \(error)")
        }
      }
      signers[sink.name] = WebhookSigner(keys: keys)
    }
    return signers
  }
}

/// Why a sink cannot sign; names the secret and never shows it.
package struct SinkKeyError: Error, Hashable, CustomStringConvertible {
  package let sink: String
  package let message: String

  package var description: String { "the sink \(sink) cannot sign: \(message)" }
}
