namespace ExecutionManager.Domain;

internal static class ContractRules
{
    public static void Check(Contract contract, DateTimeOffset now, ErrorList errors) => throw new NotImplementedException();
}
