using System.Text.Json;

namespace ExecutionManager.Domain;

/// <summary>One fact a device wrote down.</summary>
/// <param name="Seq">From 1, without gaps, per contract, across reboots and revisions.</param>
/// <param name="Revision">The plan it was working on.</param>
/// <param name="At">When, on our clock (<see cref="EntryClock"/>).</param>
/// <param name="Type">One of <see cref="EntryTypes"/>; an unknown one counts for seq and has no effect.</param>
/// <param name="ActionId">The action it is about.</param>
/// <param name="Data">What belongs to the type.</param>
/// <param name="Clamped">The device's clock made no sense here: time cannot be judged.</param>
/// <param name="Derived">Not written by the device but concluded from its snapshots.</param>
public sealed record JournalEntry(
    long Seq,
    int Revision,
    DateTimeOffset At,
    string Type,
    string? ActionId = null,
    JsonElement? Data = null,
    bool Clamped = false,
    bool Derived = false)
{
    /// <summary>Whether another entry tells the same fact; its time is not looked at, since each receipt converts it anew.</summary>
    public bool Says(JournalEntry other) =>
        (Seq, Revision, Type, ActionId) == (other.Seq, other.Revision, other.Type, other.ActionId)
        && (Data is { } own ? other.Data is { } its && JsonElement.DeepEquals(own, its) : other.Data is null);

    /// <summary>A text of <see cref="Data"/>; null if it is not there or no text.</summary>
    internal string? Text(string name) => Data.Text(name);
}
