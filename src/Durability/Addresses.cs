namespace ExecutionManager.Durability;

internal static class Addresses
{
    /// <summary>The queue or exchange: an address's last part.</summary>
    public static string EndpointName(this Uri address) => Uri.UnescapeDataString(address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..]);
}
