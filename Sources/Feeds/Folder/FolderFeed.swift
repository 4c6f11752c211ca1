internal import ConfigFiles
internal import Events

/// A feed of files that are put into a folder.
package struct FolderFeed: Sendable {
  package let path: String
  /// Which files are the feed's; nil for all.
  let files: FilePattern?
  /// Wall time for which a file must have stayed as it is before it is read.
  let settledFor: Span
  /// In the order they are read; a file belongs to the first that names it.
  package let streams: [LocalStream]
  /// Where the path stands in its file.
  let range: SourceRange
}

/// The limits of folder feeds, by name.
package enum FolderLimits {
  /// Files of one stream that lie in the folder at once.
  package static let files = 2_000
  /// Records of one page.
  package static let pageRecords = 1_000
}

/// Why a folder or one of its files cannot be read.
struct FolderFault: Error, Hashable {
  let message: String
  let hint: String
}

extension FolderFeed {
  /// Whether a file of this name is the feed's.
  package func takes(_ name: String) -> Bool { files?.matches(name) ?? true }
}
