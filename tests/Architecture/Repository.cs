using System.Text.RegularExpressions;

namespace ExecutionManager.Architecture.Tests;

/// <summary>The files of the working tree, read where they are, so that an edit needs no build to be seen.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Golden(string message) => Path.Combine(Root, "tests/Architecture/Golden", message + ".json");

    public static string Approved(string name) => Path.Combine(Root, "tests/Architecture/Approved", name);

    /// <summary>Path and text of each project below <paramref name="folder"/>, by project name.</summary>
    public static IReadOnlyDictionary<string, string> Projects(string folder) => Directory
        .GetFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetFileNameWithoutExtension(path), File.ReadAllText);

    /// <summary>Path and text of a project's own sources, without comments.</summary>
    public static IEnumerable<(string File, string Text)> Sources(string project) => Directory
        .GetFiles(Path.Combine(Root, "src", project), "*.cs", SearchOption.AllDirectories)
        .Select(path => (File: Path.GetRelativePath(Root, path).Replace('\\', '/'), Path: path))
        .Where(source => !source.File.Split('/').Any(part => part is "obj" or "bin"))
        .Select(source => (source.File, WithoutComments(File.ReadAllText(source.Path))));

    public static string WithoutComments(string source) =>
        Comments().Replace(source, match => match.Groups["keep"].Success ? match.Value : " ");

    // A comment's start inside a string is none, so strings are matched first and kept.
    [GeneratedRegex("""(?<keep>"{3}[\s\S]*?"{3}|@"(?:""|[^"])*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')|//[^\n]*|/\*[\s\S]*?\*/""")]
    private static partial Regex Comments();

    private static string FindRoot()
    {
        var folder = TestContext.CurrentContext.TestDirectory;
        while (!File.Exists(Path.Combine(folder, "ExecutionManager.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("The tests run outside the working tree of ExecutionManager.sln.");
        }

        return folder;
    }
}
