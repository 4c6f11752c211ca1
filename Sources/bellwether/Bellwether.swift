import ArgumentParser
@main struct Bellwether: AsyncParsableCommand { }
