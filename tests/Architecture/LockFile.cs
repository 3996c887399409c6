using System.Text.Json;

namespace ExecutionManager.Architecture.Tests;

/// <summary>The packages that a project got, those of packages and projects it references included.</summary>
internal static class LockFile
{
    private static readonly string[] Analyzers = ["Microsoft.CodeAnalysis.BannedApiAnalyzers"];

    public static IEnumerable<string> Paths => new[] { "src", "tests" }
        .SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "packages.lock.json", SearchOption.AllDirectories));

    public static IEnumerable<(string Name, Version Version)> Packages(string path) =>
        from framework in JsonElement.Parse(File.ReadAllText(path)).GetProperty("dependencies").EnumerateObject()
        from package in framework.Value.EnumerateObject()
        where package.Value.TryGetProperty("resolved", out _) && !Analyzers.Contains(package.Name)
        select (package.Name, Version.Parse(package.Value.GetProperty("resolved").GetString()!.Split('-')[0]));
}
