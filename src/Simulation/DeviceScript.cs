namespace ExecutionManager.Simulation;

/// <summary>How a device behaves where the protocol leaves it free, or fails it.</summary>
public sealed record DeviceScript
{
    public static DeviceScript Obedient { get; } = new();

    /// <summary>Asked once at the start of each action; must answer the same for the same question.</summary>
    public Func<ActionContext, ActionBehaviour> OnAction { get; init; } = _ => ActionBehaviour.AsPlanned;

    /// <summary>Asked for each new content of a push; must answer the same for the same question.</summary>
    public Func<PushContext, PushAnswer> OnPush { get; init; } = _ => PushAnswer.Accept;

    /// <summary>Any fault with <paramref name="rate"/> for each action and each push, decided by the seed.</summary>
    public static DeviceScript Seeded(int seed, double rate)
    {
        var chance = new Chance(seed);
        return new DeviceScript
        {
            OnAction = action =>
            {
                var key = $"{action.ContractId}/{action.ActionId}";
                if (chance.Draw("fault/" + key) >= rate)
                    return ActionBehaviour.AsPlanned;
                return (int)(chance.Draw("kind/" + key) * 8) switch
                {
                    0 => new ActionBehaviour { FailWith = "blocked" },
                    1 => new ActionBehaviour { Skip = true },
                    2 => new ActionBehaviour { ExtraBefore = action.ActionType },
                    3 => new ActionBehaviour { WrongData = true },
                    4 => new ActionBehaviour { FaultWith = "motor" },
                    5 => new ActionBehaviour { Violate = "area" },
                    6 => new ActionBehaviour { PauseFor = TimeSpan.FromSeconds(20) },
                    _ => new ActionBehaviour { Fraction = 1 },
                };
            },
            OnPush = push =>
            {
                var key = $"{push.ContractId}/{push.Revision}";
                if (chance.Draw("refuse/" + key) >= rate / 2)
                    return PushAnswer.Accept;
                return chance.Draw("silent/" + key) < 0.5 ? PushAnswer.Silence : PushAnswer.Refuse("other");
            },
        };
    }
}
