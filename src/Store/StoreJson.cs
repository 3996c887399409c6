using System.Text.Json;
using System.Text.Json.Serialization;

namespace ExecutionManager.Store;

/// <summary>How folds are written into columns; additive changes keep old rows readable.</summary>
internal static class StoreJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
