import Config
import Forwarding
import IO

// Where the files of `tls` in a `forward` are, and what is in them.

extension ServerBlock {
  /// What relative paths of `file`, and of `tls` in a `forward`, are relative to, as in CoreDNS.
  ///
  /// - Parameter directory: of the Corefile.
  func folder(in directory: String) -> String {
    guard let root else { return directory }
    return root.hasPrefix("/") ? root : directory + "/" + root
  }

  /// The files that upstreams are spoken to with.
  func tlsPaths(in directory: String) -> [String] {
    let folder = folder(in: directory)
    return forwards.compactMap { $0.tlsFiles(in: folder) }.flatMap(\.paths)
  }
}

extension ForwardSettings {
  /// `tls` with its paths below `folder`; nil where no upstream is spoken to by it.
  func tlsFiles(in folder: String) -> TLS? {
    guard var files = tls, upstreams.contains(where: { $0.transport == .tls }) else { return nil }
    let absolute = { (path: String) in path.hasPrefix("/") ? path : folder + "/" + path }
    files.certificate = files.certificate.map(absolute)
    files.key = files.key.map(absolute)
    files.authority = files.authority.map(absolute)
    return files
  }
}

extension ForwardSettings.TLS {
  var paths: [String] { [certificate, key, authority].compactMap { $0 } }
}

extension StreamOptions.TLS {
  /// The files as they are now.
  init(_ files: ForwardSettings.TLS?) {
    self.init()
    guard let files else { return }
    certificate = files.certificate.map { StreamOptions.File(reading: $0) }
    key = files.key.map { StreamOptions.File(reading: $0) }
    authority = files.authority.map { StreamOptions.File(reading: $0) }
  }

  /// Throws a sentence that names the file which cannot be used.
  func makeClient() throws(TLSError) -> TLSClient {
    try TLSClient(
      certificate: certificate?.pem, key: key?.pem, authority: authority?.pem)
  }

  func isOfSameFiles(as other: Self) -> Bool {
    certificate?.path == other.certificate?.path && key?.path == other.key?.path
      && authority?.path == other.authority?.path
  }
}

extension StreamOptions.File {
  fileprivate init(reading path: String) {
    var octets: [UInt8]?
    if case .octets(let found) = FileReading.fileSystem.read(path) { octets = found }
    self.init(path: path, octets: octets)
  }

  fileprivate var pem: PEMFile { PEMFile(path: path, octets: octets) }
}
