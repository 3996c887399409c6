using ExecutionManager.CrashHost;
using ExecutionManager.Worker;

// The worker as it is, on seams that die, or break a rule, when the file --crash=… names tells them to.
var crash = new Crash(args.Single(arg => arg.StartsWith("--crash=", StringComparison.Ordinal))["--crash=".Length..]);
return await WorkerProgram.Run(
    [.. args.Where(arg => !arg.StartsWith("--crash=", StringComparison.Ordinal))], Console.Out, Console.Error, services => services.CrashAt(crash));
