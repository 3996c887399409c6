using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ExecutionManager.Store;

/// <summary>How a database's schema stands to this version's.</summary>
public enum StoreSchema
{
    Current,

    /// <summary>Older, or there is none yet: <c>migrate</c> brings it here.</summary>
    Behind,

    /// <summary>Written by a later version, which this one cannot read.</summary>
    Newer,
}

public static class StoreSchemas
{
    public static async Task<StoreSchema> Schema(this StoreContext db, CancellationToken ct)
    {
        var known = db.Database.GetMigrations().ToList();
        List<string> applied;
        try
        {
            applied = [.. await db.Database.GetAppliedMigrationsAsync(ct)];
        }
        catch (PostgresException absent) when (absent.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            return StoreSchema.Behind;
        }

        return applied.Except(known).Any() ? StoreSchema.Newer : known.Except(applied).Any() ? StoreSchema.Behind : StoreSchema.Current;
    }
}
