enum PlaceholderFeeds {}
