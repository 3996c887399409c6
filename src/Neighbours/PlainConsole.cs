using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ExecutionManager.Neighbours;

/// <summary>One line an entry; of an exception its cause, not its stack: an unreachable broker is no news worth a page.</summary>
internal sealed class PlainConsole(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "plain";

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter output)
    {
        var cause = entry.Exception is { } exception ? $": {exception.GetBaseException().Message}" : "";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():HH:mm:ss} {(entry.LogLevel >= LogLevel.Warning ? $"{entry.LogLevel}: " : "")}{entry.Formatter(entry.State, null)}{cause}"));
    }
}
