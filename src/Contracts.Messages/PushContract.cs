namespace ExecutionManager.Contracts.Messages;

/// <summary>EM → adapters: give a device a contract; it is a grant. The device answers the same content again the same way.</summary>
public sealed record PushContract
{
    /// <summary>The contract.</summary>
    public required Guid ContractId { get; init; }

    /// <summary>The device.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The epoch it is meant for; the device refuses another.</summary>
    public required long ConnectionEpoch { get; init; }

    /// <summary><c>sha256:</c> and hex digits over the contract, the same for the same revision.</summary>
    public required string ContentHash { get; init; }

    /// <summary>The contract, data included.</summary>
    public required ContractDocument Contract { get; init; }

    /// <summary>What to do with it.</summary>
    public required Desired Desired { get; init; }
}
