using BenchmarkDotNet.Running;
using ExecutionManager.Bench;

// dotnet run -c Release --project bench                      the pure functions, by BenchmarkDotNet (--filter '*Projection*')
// dotnet run -c Release --project bench -- transitions       a durable transition against memory and against pgbench
//            [--rounds 5] [--messages 4000] [--save]         --save: into bench/results
if (args is ["transitions", ..])
{
    return await Transitions.Run(args[1..], Console.Out);
}

BenchmarkSwitcher.FromAssembly(typeof(Plans).Assembly).Run(args);
return 0;
