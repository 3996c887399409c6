using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ExecutionManager.Store;

/// <summary>LINQ cannot say FOR UPDATE: what a query is tagged with becomes its last clause.</summary>
internal sealed class LockClause : DbCommandInterceptor
{
    public const string Start = "FOR UPDATE";

    private const string Tag = $"-- {Start}";

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        if (command.CommandText.StartsWith(Tag, StringComparison.Ordinal))
        {
            command.CommandText += command.CommandText[..command.CommandText.IndexOf('\n')].Replace("--", "\n", StringComparison.Ordinal);
        }

        return ValueTask.FromResult(result);
    }
}
