using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExecutionManager.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class FindContractsByTask : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "IX_contracts_TaskId_FencingToken",
                table: "contracts",
                columns: new[] { "TaskId", "FencingToken" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_contracts_TaskId_FencingToken",
                table: "contracts");
        }
    }
}
