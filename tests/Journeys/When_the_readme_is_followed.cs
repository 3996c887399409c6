using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ExecutionManager.Journeys.Tests;

/// <summary>The README's blocks, taken from it and run in order against a worker: what it promises is what comes back.</summary>
[Category("Process")]
public sealed partial class When_the_readme_is_followed
{
    [Test]
    [CancelAfter(300_000)]
    public async Task Should_come_back_what_it_says(CancellationToken cancellation)
    {
        var root = Root();
        var readme = await File.ReadAllTextAsync(Path.Combine(root, "README.md"), cancellation);
        var blocks = Block().Matches(readme).Select(match => match.Groups[1].Value).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(blocks, Has.Some.Contain("-- --demo"), "one command to see it");
            Assert.That(blocks, Has.Some.Contain("./test.sh"), "one command to test it");
            Assert.That(blocks, Has.Some.Contain("--project src/Worker"), "one command to run it");
        });

        await using var worker = new WorkerProcess(Directory.CreateTempSubdirectory("em-readme-").FullName, "--with=policy,planner,equator");
        await worker.Start();
        foreach (Match step in Step().Matches(readme))
        {
            var (script, expected) = (step.Groups["script"].Value, step.Groups["expected"].Value.Trim());
            // Placed on free ports here; everything else is as printed.
            script = script.Replace("127.0.0.1:5080", $"127.0.0.1:{worker.HttpPort}", StringComparison.Ordinal)
                .Replace("-p 1883", $"-p {worker.MqttPort}", StringComparison.Ordinal);
            var said = await Shell(root, script, cancellation);
            foreach (var word in expected.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(word => word != "…"))
            {
                Assert.That(said, Does.Contain(word), $"{script}\n{worker.Output}");
            }
        }
    }

    private static async Task<string> Shell(string directory, string script, CancellationToken cancellation)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euc", script]) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(cancellation), shell.StandardError.ReadToEndAsync(cancellation));
        await shell.WaitForExitAsync(cancellation);
        Assert.That(shell.ExitCode, Is.Zero, $"{script}\n{await output}\n{await error}");
        return await output;
    }

    internal static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "ExecutionManager.sln")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    /// <summary>A block that is followed by what it prints.</summary>
    [GeneratedRegex("```bash\n(?<script>[^`]*?)```\n\n```(json|text)\n(?<expected>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Step();
}
