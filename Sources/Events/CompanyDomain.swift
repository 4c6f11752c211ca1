/// A company's own mail domain, in the one form that is compared.
package enum CompanyDomain {
  /// A domain as people write it (`https://www.Acme.com/`) in the one form that is compared; nil for a public one.
  package static func normalized(_ text: String) -> String? {
    var domain = text.lowercased()[...]
    if let scheme = domain.firstRange(of: "://") { domain = domain[scheme.upperBound...] }
    domain = domain.prefix { $0 != "/" && $0 != ":" && $0 != "?" }
    if domain.hasPrefix("www.") { domain = domain.dropFirst(4) }
    while domain.last == "." { domain.removeLast() }
    let isWellFormed = domain.contains(".") && domain.first != "." && !domain.contains { $0.isWhitespace || $0 == "@" }
    guard isWellFormed, !publicDomains.contains(String(domain)) else { return nil }
    return String(domain)
  }

  /// Domains under which anybody can have an address: the large free providers and the access providers people keep addresses at.
  /// Written down by hand; a rarer one is handled by `accounts unlink domain …`.
  package static let publicDomains: Set<String> = [
    "163.com", "126.com", "aol.com", "arcor.de", "att.net", "bigpond.com", "bluewin.ch", "bt.com", "btinternet.com", "charter.net",
    "comcast.net", "cox.net", "duck.com", "earthlink.net", "fastmail.com", "fastmail.fm", "foxmail.com", "free.fr", "freenet.de",
    "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.co.uk", "hotmail.com",
    "hotmail.de", "hotmail.fr", "hotmail.it", "hush.com", "hushmail.com", "icloud.com", "inbox.com", "laposte.net", "libero.it",
    "live.com", "live.co.uk", "live.de", "live.fr", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "naver.com", "ntlworld.com",
    "orange.fr", "outlook.com", "outlook.de", "outlook.fr", "pm.me", "posteo.de", "proton.me", "protonmail.ch", "protonmail.com",
    "qq.com", "rediffmail.com", "rocketmail.com", "sbcglobal.net", "sfr.fr", "sina.com", "sky.com", "t-online.de", "talktalk.net",
    "telia.com", "tuta.com", "tutanota.com", "tutanota.de", "uol.com.br", "verizon.net", "virgilio.it", "virginmedia.com", "wanadoo.fr",
    "web.de", "xtra.co.nz", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.au", "yahoo.com.br",
    "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
  ]
}
