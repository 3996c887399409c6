using ExecutionManager.Contracts.Messages;

namespace ExecutionManager.World.Tests;

/// <summary>docs/recovery.md: what each failure comes to under each strategy.</summary>
internal static class RecoveryPage
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(DeviceProtocolPage.Root(), "docs/recovery.md"));

    /// <summary>The cells of the table of failures, the heading first.</summary>
    public static IReadOnlyList<string[]> Table { get; } =
    [
        .. Text[Text.IndexOf("| failure |", StringComparison.Ordinal)..].Split("\n\n")[0].Split('\n').Where(line => !line.StartsWith("|---", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim().Trim('`')).ToArray()),
    ];

    public static string Cell(FailureKind kind, RecoveryStrategy strategy) =>
        Table.Single(row => row[0] == WordConverter<FailureKind>.Format(kind))[Array.IndexOf(Table[0], WordConverter<RecoveryStrategy>.Format(strategy))];
}
