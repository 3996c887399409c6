namespace ExecutionManager.Store;

/// <summary>What became of a submitted contract.</summary>
public abstract record Submission
{
    private Submission()
    {
    }

    public sealed record Created(Guid ContractId) : Submission;

    /// <summary>The same document under the same contract id was taken before.</summary>
    public sealed record Same(Guid ContractId) : Submission;

    /// <summary>The same document under the same idempotency key was taken before.</summary>
    public sealed record Replayed(Guid ContractId) : Submission;

    /// <summary>Another document was taken under this contract id.</summary>
    public sealed record Exists(Guid ContractId) : Submission;

    /// <summary>Another document was taken under this idempotency key.</summary>
    public sealed record IdempotencyConflict(Guid ContractId) : Submission;

    public sealed record TaskAlreadyAssigned(Guid ExistingContractId) : Submission;

    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : Submission;

    public sealed record TooLarge : Submission;
}
