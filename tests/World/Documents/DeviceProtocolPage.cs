using System.Text.RegularExpressions;

namespace ExecutionManager.World.Tests;

/// <summary>docs/device-protocol.md, read where it is, so that an edit needs no build to be seen.</summary>
internal static partial class DeviceProtocolPage
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Root(), "docs/device-protocol.md"));

    /// <summary>The JSON blocks whose fence says <c>json {direction} {topic}</c>, in order.</summary>
    public static IReadOnlyList<(string Topic, string Json)> Examples(string direction) =>
        [.. Fence().Matches(Text).Where(match => match.Groups["direction"].Value == direction)
            .Select(match => (match.Groups["topic"].Value, match.Groups["json"].Value))];

    /// <summary>The words in the first column of the table with this heading row.</summary>
    public static IReadOnlyList<string> FirstColumn(string heading)
    {
        var table = Text[Text.IndexOf(heading, StringComparison.Ordinal)..];
        var rows = table[..table.IndexOf("\n\n", StringComparison.Ordinal)].Split('\n').Skip(2);
        return [.. rows.SelectMany(row => Word().Matches(row.Split('|')[1]).Select(match => match.Groups[1].Value))];
    }

    internal static string Root()
    {
        var folder = TestContext.CurrentContext.TestDirectory;
        while (!File.Exists(Path.Combine(folder, "ExecutionManager.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the working tree.");
        }

        return folder;
    }

    [GeneratedRegex(@"^```json (?<direction>\w+) (?<topic>\S+)\n(?<json>[\s\S]*?)^```$", RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Word();
}
