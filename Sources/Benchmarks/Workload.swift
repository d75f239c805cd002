/// What is asked, a file of dnsperf's lines for each.
enum Workload: String, CaseIterable {
  case a, srv, nxdomain, mix
}

extension ServiceSet {
  /// Enough that no server answers from a warm handful, few enough to fit a core's cache like the
  /// names of a busy cluster.
  static let questionCount = 10_000

  func writeQuestions(_ workload: Workload, to file: inout TextFile) {
    for index in 0..<Self.questionCount {
      // Steps of a prime walk over all services in an order that is no order of the set.
      let service = ServiceSample(number: index &* 7919 % serviceCount, set: self)
      file.append(workload.question(of: service, index: index) + "\n")
    }
  }
}

extension Workload {
  func question(of service: ServiceSample, index: Int) -> String {
    switch self {
    case .a: "\(service.owner) A"
    case .srv: "_http._tcp.\(service.owner) SRV"
    // What a pod's search path makes of another namespace's service.
    case .nxdomain: "\(service.name).\(service.namespace).team-x.svc.\(ServiceSet.domain) A"
    case .mix: Self.podMix[index % Self.podMix.count].question(of: service, index: index)
    }
  }

  /// A pod's resolver asks each name as its search path spells it, most of them in vain.
  private static let podMix: [Workload] = [.a, .nxdomain, .a, .srv, .nxdomain, .a, .nxdomain, .a]
}
