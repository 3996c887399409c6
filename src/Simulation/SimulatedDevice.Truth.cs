namespace ExecutionManager.Simulation;

/// <content>The truth, for checkers; nothing of it is known to the other side.</content>
public sealed partial class SimulatedDevice
{
    private readonly List<Execution> _executions = [];
    private readonly List<Movement> _movements = [];
    private readonly List<ContractView> _closed = [];
    private readonly List<Rejection> _rejections = [];

    /// <summary>Not standing still: a safe stop under way counts as executing.</summary>
    public bool IsExecuting => _current is not null && !IsSuspended;

    public ContractView? Current => _current is null ? null : View(_current);

    public IReadOnlyList<ContractView> Contracts => [.. _state.Contracts.Select(View)];

    /// <summary>Contracts it was told are closed, as they were then.</summary>
    public IReadOnlyList<ContractView> Closed => _closed;

    /// <summary>Every execution since this object was made, reboots included.</summary>
    public IReadOnlyList<Execution> Executions => _executions;

    public IReadOnlyList<Movement> Movements => _current is null
        ? _movements
        : [.. _movements.SkipLast(1), _movements[^1] with { LeaseEndsAt = LeaseEndsAt(_current) }];

    public IReadOnlyList<Rejection> Rejections => _rejections;

    public int UnreadableMessages { get; private set; }

    public double Battery => _state.Battery;

    public IReadOnlyList<double>? Position => (_current is null ? null : PositionOf(_current)) ?? _state.Position;

    private ContractView View(HeldContract contract) => new(
        contract.ContractId,
        contract.Document.TaskId,
        contract.Document.FencingToken,
        contract.Document.Revision,
        contract.ContentHash,
        contract.Status,
        contract.Intent,
        contract.IntentVersion,
        LeaseEndsAt(contract),
        contract.Document.StopTime,
        contract.Running?.ActionId,
        contract.Running?.ProgressAt(_at),
        _current != contract,
        [.. contract.Journal],
        contract.AckedThrough);
}
