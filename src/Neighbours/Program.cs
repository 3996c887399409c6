using ExecutionManager.Neighbours;

return await NeighbourProgram.Run(args, Console.Out, Console.Error);
