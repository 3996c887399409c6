using System.Text.Json;

namespace ExecutionManager.Domain;

internal static class ContractReader
{
    public static ContractReading Read(JsonElement body, Guid fallbackId, DateTimeOffset now) => throw new NotImplementedException();

    public static Contract Parse(string json) => throw new NotImplementedException();
}
