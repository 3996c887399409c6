namespace ExecutionManager.Domain;

internal static class ContractWriter
{
    public static string Write(Contract contract) => throw new NotImplementedException();

    public static string Fingerprint(Contract contract) => throw new NotImplementedException();
}
