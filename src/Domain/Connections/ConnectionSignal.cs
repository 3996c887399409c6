namespace ExecutionManager.Domain;

/// <summary>Something heard about a device's connection, in any order, any number of times.</summary>
/// <param name="Epoch">The connection epoch it speaks of.</param>
public abstract record ConnectionSignal(long Epoch)
{
    /// <summary>The device introduced itself.</summary>
    /// <param name="Epoch">The epoch it opened.</param>
    /// <param name="ReceivedAt">When the adapter had it.</param>
    /// <param name="Retained">Kept by the broker from earlier: confirms nothing.</param>
    /// <param name="ReportInterval">It sends at least this often.</param>
    /// <param name="Evidence">How it tells what happened.</param>
    /// <param name="Lease">Whether it stops by itself at the end of a lease.</param>
    public sealed record Birth(
        long Epoch,
        DateTimeOffset ReceivedAt,
        bool Retained,
        TimeSpan ReportInterval,
        EvidenceCapability Evidence,
        LeaseCapability Lease) : ConnectionSignal(Epoch);

    /// <summary>The epoch is over, by the device's or the broker's word, retained or not.</summary>
    /// <param name="Epoch">The epoch that ended.</param>
    /// <param name="Clean">The device said so itself.</param>
    public sealed record Ended(long Epoch, bool Clean) : ConnectionSignal(Epoch);

    /// <summary>Any other message of the device.</summary>
    /// <param name="Epoch">The epoch it was sent in.</param>
    /// <param name="ReceivedAt">When the adapter had it.</param>
    /// <param name="Retained">Kept by the broker from earlier: confirms nothing.</param>
    public sealed record Heard(long Epoch, DateTimeOffset ReceivedAt, bool Retained = false) : ConnectionSignal(Epoch);

    /// <summary>Nothing was heard in this epoch for <see cref="Connectivity.StaleAfter"/>.</summary>
    /// <param name="Epoch">The epoch that is silent.</param>
    public sealed record Silent(long Epoch) : ConnectionSignal(Epoch);
}
