using ExecutionManager.Domain;
using Microsoft.Extensions.Caching.Memory;

namespace ExecutionManager.Store;

/// <summary>Documents that a device has accepted: they never change any more, and nearly every transition asks for one.</summary>
public sealed class AcceptedDocuments : IDisposable
{
    private const long MostCharacters = 32 * 1024 * 1024;

    private readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = MostCharacters });

    internal Contract? Find(Guid contractId, int revision) => cache.Get<Contract>((contractId, revision));

    internal void Keep(Contract contract, int characters) =>
        cache.Set((contract.ContractId, contract.Revision), contract, new MemoryCacheEntryOptions { Size = characters });

    public void Dispose() => cache.Dispose();
}
