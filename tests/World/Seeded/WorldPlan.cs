using ExecutionManager.Sagas;
using ExecutionManager.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace ExecutionManager.World.Tests;

/// <summary>What a world is made of; all of it follows from the seed unless a test says otherwise.</summary>
internal sealed record WorldPlan(int Seed)
{
    public int Devices { get; init; } = 3;

    /// <summary>How many contracts are open at once, at most.</summary>
    public int Contracts { get; init; } = 6;

    /// <summary>How much happens before the world becomes kind.</summary>
    public int Steps { get; init; } = 350;

    /// <summary>How often a device's action or push goes wrong, 0..1.</summary>
    public double DeviceFaults { get; init; }

    /// <summary>How often a device does other than planned without failing, 0..1.</summary>
    public double Divergence { get; init; }

    /// <summary>How often an action takes minutes instead of seconds, 0..1.</summary>
    public double LongActions { get; init; } = 0.25;

    /// <summary>How often the network, a process or a neighbour does something unkind instead of the next thing in order, 0..1.</summary>
    public double Unkindness { get; init; }

    public bool HasSnapshotDevice { get; init; }
    public bool HasDeviceWithoutLease { get; init; }

    /// <summary>The broker lives and dies with the worker, as in the embedded default.</summary>
    public bool EmbeddedBroker { get; init; }

    public RecoveryFallback Fallback { get; init; }

    /// <summary>Nothing happens by chance: what a test does, and what these say.</summary>
    public bool IsScripted { get; init; }

    /// <summary>How the devices of a scripted world behave.</summary>
    public DeviceScript Script { get; init; } = DeviceScript.Obedient;

    /// <summary>What a neighbour of a scripted world answers; null is silence.</summary>
    public Func<object, object?> Answer { get; init; } = _ => null;

    /// <summary>False: the Scheduler of a scripted world is silent.</summary>
    public bool HasScheduler { get; init; } = true;

    /// <summary>An operator errs: the laws cannot be kept.</summary>
    public bool IsLawless { get; init; }

    /// <summary>Breaks a rule on purpose, by composition.</summary>
    public Action<IServiceCollection>? Weaken { get; init; }

    public ContractSettings Settings => new()
    {
        Data = TimeSpan.FromSeconds(20),
        Push = TimeSpan.FromMinutes(2),
        Accept = TimeSpan.FromSeconds(10),
        Stall = TimeSpan.FromSeconds(40),
        Actuals = TimeSpan.FromSeconds(20),
        Replan = TimeSpan.FromSeconds(30),
        Policy = TimeSpan.FromSeconds(10),
        Command = TimeSpan.FromSeconds(10),
        CatchUp = TimeSpan.FromSeconds(10),
        MaxHold = TimeSpan.FromMinutes(10),
        Reassignment = TimeSpan.FromSeconds(30),
        EscalationReminder = TimeSpan.FromSeconds(40),
        Fallback = Fallback,
    };

    public static WorldPlan Of(int seed)
    {
        var chance = new Random(seed);
        return new WorldPlan(seed)
        {
            Devices = chance.Next(3, 5),
            Contracts = chance.Next(3, 8),
            Steps = chance.Next(320, 380),
            DeviceFaults = Pick(0, 0.3, 0.6),
            Divergence = Pick(0, 0, 0.4),
            LongActions = Pick(0, 0.2, 0.9),
            Unkindness = Pick(0.1, 0.2, 0.4),
            HasSnapshotDevice = chance.Next(4) == 0,
            HasDeviceWithoutLease = chance.Next(4) == 0,
            EmbeddedBroker = chance.Next(2) == 0,
            Fallback = Enum.GetValues<RecoveryFallback>()[chance.Next(3)],
        };

        double Pick(params double[] choices) => choices[chance.Next(choices.Length)];
    }
}
