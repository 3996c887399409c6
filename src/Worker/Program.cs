using ExecutionManager.Worker;

return await WorkerProgram.Run(args, Console.Out, Console.Error);
