using System.Text.RegularExpressions;

namespace ExecutionManager.Architecture.Tests;

/// <summary>A page of docs/, cut at its headings.</summary>
internal sealed partial class DocumentPage
{
    private readonly string _text;

    private DocumentPage(string text) => _text = text;

    public static DocumentPage Read(string name) => new(File.ReadAllText(Path.Combine(Repository.Root, "docs", name)));

    /// <summary>Heading and text of each section of the third level, in order.</summary>
    public IEnumerable<(string Heading, string Text)> Sections =>
        Third().Matches(_text).Select(match => (match.Groups["heading"].Value, match.Groups["text"].Value));

    /// <summary>The JSON blocks whose fence says <paramref name="kind"/> after <c>json</c>; by default those that say nothing.</summary>
    public static IReadOnlyList<string> Json(string text, string kind = "") =>
        [.. Fence().Matches(text).Where(match => match.Groups["kind"].Value == kind).Select(match => match.Groups["json"].Value)];

    public IReadOnlyList<string> Json(string kind) => Json(_text, kind);

    [GeneratedRegex(@"^### (?<heading>.+)\n(?<text>(?:(?!##).*\n?)*)", RegexOptions.Multiline)]
    private static partial Regex Third();

    [GeneratedRegex(@"^```json ?(?<kind>.*)\n(?<json>[\s\S]*?)^```$", RegexOptions.Multiline)]
    private static partial Regex Fence();
}
