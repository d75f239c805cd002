import Config
import Glibc
import Serving

switch Arguments.read(CommandLine.arguments.dropFirst()) {
case .failure(let problem):
  Terminal.complain(problem.description)
  exit(2)
case .success(.help):
  print(Arguments.help)
case .success(.version):
  for line in Version.lines { print(line) }
case .success(.plugins):
  print(Arguments.pluginList)
case .success(.check(let arguments)):
  exit(Command.check(arguments))
case .success(.convert(let arguments)):
  exit(Command.convert(arguments))
case .success(.serve(let arguments)):
  exit(Command.serve(arguments))
}
