/// Invented names of companies and persons; a seed orders them.
struct NameBook {
  private let companies: [String]

  init(seed: UInt64, count: Int) {
    var chance = Chance(seed, Purpose.names.rawValue)
    var names: [String] = []
    for tail in Self.tails {
      names += chance.shuffled(Self.heads.flatMap { head in Self.trades.map { "\(head) \($0)\(tail)" } })
      if names.count >= count { break }
    }
    companies = names
  }

  func company(_ index: Int) -> String { companies[index % companies.count] }

  private static let heads = [
    "Amberly", "Ashgrove", "Birchfield", "Bluewater", "Brackenhill", "Briarwood", "Calderon", "Cedarline", "Clearbrook", "Copperfield",
    "Corvane", "Driftwood", "Eastmere", "Elmstead", "Fairhaven", "Fernbank", "Foxglen", "Glenarden", "Goldcrest", "Greyfriar",
    "Harborne", "Hawthorne", "Hollybrook", "Ironbridge", "Juniper", "Kestrel", "Kingsmoor", "Larchmont", "Lindenau", "Longmeadow",
    "Maplecroft", "Marlowe", "Millrace", "Northgate", "Oakhurst", "Orchard", "Pinecrest", "Quarrystone", "Ravensworth", "Redfern",
    "Rivermark", "Rosewell", "Saltmarsh", "Silverbirch", "Stonebridge", "Thornbury", "Westerly", "Willowbank",
  ]
  private static let trades = [
    "Analytics", "Apparel", "Biotech", "Brewing", "Capital", "Catering", "Ceramics", "Chemicals", "Components", "Construction",
    "Dairies", "Dental", "Devices", "Energy", "Engineering", "Foods", "Freight", "Furniture", "Gardens", "Glass", "Health", "Homes",
    "Insurance", "Interiors", "Legal", "Lighting", "Logistics", "Machines", "Marine", "Media", "Mobility", "Optics", "Outdoor",
    "Packaging", "Paper", "Pharma", "Plastics", "Printing", "Realty", "Retail",
  ]
  private static let tails = ["", " Group", " Partners", " Holdings", " Collective", " Works", " Systems", " Brothers", " & Co"]

  static let firstNames = [
    "Ada", "Alma", "Amir", "Anika", "Arlo", "Astrid", "Ben", "Bruno", "Carla", "Cedric", "Chidi", "Clara", "Dana", "Diego", "Edith",
    "Elio", "Emre", "Esther", "Farah", "Felix", "Gita", "Greta", "Hana", "Hugo", "Ida", "Imani", "Ivan", "Jana", "Jonas", "Kavya",
    "Kenji", "Lena", "Leo", "Lucia", "Malik", "Marta", "Mei", "Milo", "Nadia", "Nils", "Noor", "Olga", "Omar", "Paula", "Priya",
    "Quinn", "Rafael", "Rosa", "Samir", "Selma", "Tariq", "Tessa", "Theo", "Uma", "Vera", "Viktor", "Wanda", "Yara", "Yusuf", "Zoe",
  ]
  static let lastNames = [
    "Abbott", "Acheampong", "Almeida", "Andersen", "Bajwa", "Barros", "Becker", "Brandt", "Castillo", "Chaudhry", "Dahl", "Delgado",
    "Eriksen", "Farrow", "Fischer", "Fontaine", "Gallo", "Gupta", "Haddad", "Hartley", "Hoang", "Ibarra", "Iyer", "Janssen", "Kaplan",
    "Kimura", "Kowalski", "Lindqvist", "Lombardi", "Mbeki", "Mercer", "Moreau", "Nakata", "Novak", "Okafor", "Olsen", "Park", "Petrov",
    "Quiroga", "Rahman", "Reyes", "Rossi", "Sandoval", "Schmid", "Sharma", "Silva", "Tanaka", "Torres", "Ueda", "Varga", "Vogel",
    "Walsh", "Whitlock", "Winter", "Yilmaz", "Zhao", "Ziegler", "Zimmer",
  ]
  static let customerSuccess = ["Morgan Ellery", "Riley Castellan", "Jordan Pryce", "Taylor Winslow"]
}
