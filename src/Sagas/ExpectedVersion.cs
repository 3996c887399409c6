namespace ExecutionManager.Sagas;

/// <summary>A command may be meant for one version of a contract only; it then carries this header, a whole number.</summary>
public static class ExpectedVersion
{
    public const string Header = "expectedVersion";
}
